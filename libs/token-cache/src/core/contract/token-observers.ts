import { inspect } from 'node:util';
import { type TokenObserver } from './token-observer.js';

/** All observers of one client. */
export class TokenObservers {
  private readonly observers = new Set<TokenObserver>();
  private readonly failed = new WeakSet<TokenObserver>();

  /** Adds one; the returned function removes it. */
  add(observer: TokenObserver): () => void {
    this.observers.add(observer);
    return () => this.observers.delete(observer);
  }

  /** Tells all of them; one that throws, or rejects, is no caller's fault and none of the others'. */
  notify<Event extends keyof TokenObserver>(event: Event, ...details: Parameters<TokenObserver[Event]>): void {
    for (const observer of this.observers) {
      try {
        const done: unknown = Reflect.apply(observer[event], observer, details);
        if (done instanceof Promise) done.catch((error: unknown) => this.tell(observer, event, error));
      } catch (error) {
        this.tell(observer, event, error);
      }
    }
  }

  /** The first error of each observer: one that fails does so at every event. */
  private tell(observer: TokenObserver, event: string, error: unknown): void {
    if (this.failed.has(observer)) return;
    this.failed.add(observer);
    process.emitWarning(`${event}() of an observer failed: ${inspect(error)}`, 'TokenCacheWarning');
  }
}
