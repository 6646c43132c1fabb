import { type RequestFacts } from '../log/request-facts.js';

/** Divides the time of an exchange between the token and the upstream. */
export class ExchangeTimes {
  private since = performance.now();

  constructor(private readonly facts: RequestFacts) {}

  /** The wait for a token begins. */
  tokenWanted(): void {
    this.since = performance.now();
  }

  /** The wait for a token is over: the request is sent, or has failed. */
  tokenAwaited(): void {
    this.facts.tokenMs = (this.facts.tokenMs ?? 0) + this.lap();
  }

  /** The upstream has answered or failed; how long that took. What comes before another request to it is time of the token. */
  upstreamAwaited(): number {
    const tookMs = this.lap();
    this.facts.upstreamMs = (this.facts.upstreamMs ?? 0) + tookMs;
    return tookMs;
  }

  private lap(): number {
    const { since } = this;
    this.since = performance.now();
    return this.since - since;
  }
}
