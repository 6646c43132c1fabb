/** How a piece of work ended: with an outcome, or with the error that it threw. */
export type WorkEnd<Outcome> =
  | {
      /** What came of it. */
      readonly outcome: Outcome;
    }
  | {
      /** What it threw. */
      readonly error: unknown;
    };

/** What an observer makes of a piece of work that takes time, such as a span. */
export interface ObservedWork<Outcome> {
  /**
   * Headers that go with the requests of the work, such as `traceparent`. Only a mint makes any: see `MintContext.headers`.
   *
   * @defaultValue none
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** Calls `work` once and at once, in the asynchronous context that it is to run in. @defaultValue the context of the caller */
  within?(work: () => void): void;
  /** Called once, when the work is over. */
  ended(end: WorkEnd<Outcome>): void;
}
