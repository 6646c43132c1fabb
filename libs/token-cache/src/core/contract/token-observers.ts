import { type TokenObserver } from './token-observer.js';

/** All observers of one client. */
export class TokenObservers {
  private readonly observers = new Set<TokenObserver>();

  /** Adds one; the returned function removes it. */
  add(observer: TokenObserver): () => void {
    this.observers.add(observer);
    return () => this.observers.delete(observer);
  }

  notify<Event extends keyof TokenObserver>(event: Event, ...details: Parameters<TokenObserver[Event]>): void {
    for (const observer of this.observers) Reflect.apply(observer[event], observer, details);
  }
}
