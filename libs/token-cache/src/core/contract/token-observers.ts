import { inspect } from 'node:util';
import { type ObservedWork, type WorkEnd } from './observed-work.js';
import { type TokenObserver } from './token-observer.js';

/** Methods that are told that a piece of work begins, and may want to be told its end. */
type Begin = 'getting' | 'minting';

/** Methods that are told what has happened. */
type Event = Exclude<keyof TokenObserver, Begin>;

type OutcomeOf<Name extends Begin> =
  NonNullable<ReturnType<TokenObserver[Name]>> extends ObservedWork<infer Outcome> ? Outcome : never;

type Headers = Readonly<Record<string, string>>;

/** A piece of work, as the observers are told of it. */
export interface Observable<Name extends Begin, Result> {
  readonly details: Parameters<TokenObserver[Name]>;
  /** @param headers that observers want on the requests of the work */
  work(headers: Headers): Promise<Result>;
  outcomeOf(result: Result): OutcomeOf<Name>;
}

/** What one observer made of a piece of work. */
interface Watching {
  readonly observer: TokenObserver;
  readonly of: ObservedWork<unknown>;
}

const NO_HEADERS: Headers = {};

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
  notify<Name extends Event>(event: Name, ...details: Parameters<TokenObserver[Name]>): void {
    for (const observer of this.observers) {
      try {
        const done: unknown = Reflect.apply(observer[event], observer, details);
        if (done instanceof Promise) done.catch((error: unknown) => this.tell(observer, event, error));
      } catch (error) {
        this.tell(observer, event, error);
      }
    }
  }

  /** Does a piece of work, whose begin and end all of them are told. Throws what the work throws, and nothing of theirs. */
  during<Name extends Begin, Result>(
    begin: Name,
    { details, work, outcomeOf }: Observable<Name, Result>,
  ): Promise<Result> {
    const watching = this.begun(begin, details);
    if (watching.length === 0) return work(NO_HEADERS);
    const headers = watching.reduce<Headers>((all, { of }) => ({ ...all, ...of.headers }), NO_HEADERS);
    return this.within(watching, () => work(headers)).then(
      (result) => {
        this.end(watching, { outcome: outcomeOf(result) });
        return result;
      },
      (error: unknown) => {
        this.end(watching, { error });
        throw error;
      },
    );
  }

  private begun<Name extends Begin>(begin: Name, details: Parameters<TokenObserver[Name]>): Watching[] {
    const watching: Watching[] = [];
    for (const observer of this.observers) {
      this.guarded(observer, begin, () => {
        const of: unknown = Reflect.apply(observer[begin], observer, details);
        if (of) watching.push({ observer, of: of as ObservedWork<unknown> });
      });
    }
    return watching;
  }

  /** Begins the work once, though an observer fails to, or does twice. */
  private within<Result>(watching: readonly Watching[], work: () => Promise<Result>): Promise<Result> {
    return watching.reduceRight<() => Promise<Result>>((inner, { observer, of }) => {
      return () => {
        let running: Promise<Result> | undefined;
        this.guarded(observer, 'within', () => of.within?.(() => void (running ??= inner())));
        return running ?? inner();
      };
    }, work)();
  }

  private end(watching: readonly Watching[], end: WorkEnd<unknown>): void {
    for (const { observer, of } of watching) this.guarded(observer, 'ended', () => of.ended(end));
  }

  private guarded(observer: TokenObserver, event: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.tell(observer, event, error);
    }
  }

  /** The first error of each observer: one that fails does so at every event. */
  private tell(observer: TokenObserver, event: string, error: unknown): void {
    if (this.failed.has(observer)) return;
    this.failed.add(observer);
    process.emitWarning(`${event}() of an observer failed: ${inspect(error)}`, 'TokenCacheWarning');
  }
}
