import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { type HeldToken, isRefused } from '../contract/held-token.js';
import { type Moment, momentOf } from '../contract/moment.js';
import { TokenCacheError, TokenStoreUnavailableError, TokenWaitTimeoutError } from '../contract/token-cache.errors.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { type Token } from '../contract/token.js';
import { type Demand, livesLongEnough, serves } from '../in-hand/demand.js';
import { type TokensInHand } from '../in-hand/tokens-in-hand.js';
import { type Acquisition, type Obtained } from './acquisition.js';
import { Flights } from './flights.js';
import { type LastErrors } from './last-errors.js';
import { type Meanwhile } from './meanwhile.js';
import { type Mints } from './mints.js';
import { type Upkeep } from './upkeep.js';

/** How a caller asks. */
export interface Asking extends Pick<Demand, 'minLifeMs'> {
  readonly signal?: AbortSignal | undefined;
}

const ANY_TOKEN: Asking = {};

export interface TokenSupplyParts {
  clock: Clock;
  tokens: TokensInHand;
  acquisition: Acquisition;
  meanwhile: Meanwhile;
  upkeep: Upkeep;
  mints: Mints;
  lastErrors: LastErrors;
  observers: TokenObservers;
  /** Aborted when the client begins nothing any more. */
  draining: AbortSignal;
}

/** Gives callers their tokens: the one in hand, or what the callers of one key wait for together. */
export class TokenSupply {
  private readonly flights: Flights<Obtained>;

  constructor(private readonly parts: TokenSupplyParts) {
    this.flights = new Flights(parts.clock);
  }

  /** @throws what `Acquisition.obtain` throws, TokenWaitTimeoutError, or the reason of the signal: always as a rejection */
  get(key: TokenKey, asking: Asking = ANY_TOKEN): Promise<Token> {
    const now = momentOf(this.parts.clock);
    const near = asking.signal?.aborted ? undefined : this.near(key, now, asking);
    // Not async: with a promise of its own, and a frame to resume, a hit takes a fifth longer.
    return near ? this.tended(key, near, now).given : this.waitedFor(key, asking, now);
  }

  /** Another token than the one that was refused; undefined when no other can be had. Throws as `get` does. */
  async replace(key: TokenKey, refused: Token, { signal, minLifeMs }: Asking = {}): Promise<Token | undefined> {
    const refusedGeneration = this.refusedGeneration(refused);
    const demand = { refusedGeneration, minLifeMs };
    const now = momentOf(this.parts.clock);
    const held = this.near(key, now, demand) ?? (await this.join(key, demand, signal));
    this.tended(key, held, now);
    return isRefused(held, refusedGeneration) ? undefined : held.token;
  }

  /** Resolves when no flight is left that a caller could join, and no mint or upkeep runs behind the callers' backs. */
  async settled(): Promise<void> {
    const { meanwhile, mints, upkeep } = this.parts;
    await this.flights.settled();
    await meanwhile.settled();
    await Promise.all([upkeep.settled(), mints.settled()]);
  }

  /** The generation that the refused token has by now; none where that is of another token, which serves. */
  private refusedGeneration(refused: Token): number | undefined {
    const { tokens } = this.parts;
    if (tokens.hasNamesakeOf(refused)) return undefined;
    // Since it was given out it may have been shared under a new generation.
    return (tokens.find(refused)?.held.token ?? refused).generation;
  }

  /** The token that may be given out without asking the store, if it serves the caller. */
  private near(key: TokenKey, now: Moment, demand: Demand): HeldToken | undefined {
    const trusted = this.parts.tokens.trusted(key.id, now);
    if (!trusted || !serves(trusted, demand, now)) return undefined;
    this.parts.observers.notify('hit', key.integration.name, 'near');
    return trusted;
  }

  /** Begins what is due for a token that is given out. */
  private tended(key: TokenKey, held: HeldToken, now: Moment): HeldToken {
    if (now.monotonicAt >= held.tendAt && !this.parts.draining.aborted) this.parts.upkeep.tend(key, held);
    return held;
  }

  private async waitedFor(key: TokenKey, asking: Asking, now: Moment): Promise<Token> {
    asking.signal?.throwIfAborted();
    return this.tended(key, await this.join(key, asking, asking.signal), now).token;
  }

  /** Waits for the flight of that key: there is one for each demand, and one for all callers who can do with any valid token. */
  private async join(key: TokenKey, demand: Demand, signal: AbortSignal | undefined): Promise<HeldToken> {
    const { held } = await this.parts.observers.during('getting', {
      details: [key.integration.name],
      work: () => this.joinObserved(key, demand, signal),
      outcomeOf: ({ via }) => (via === 'mint' ? 'minted' : via),
    });
    return held;
  }

  private async joinObserved(key: TokenKey, demand: Demand, signal: AbortSignal | undefined): Promise<Obtained> {
    const { acquisition, draining, lastErrors } = this.parts;
    const { name, policy } = key.integration;
    const isLate = draining.aborted;
    try {
      if (isLate) throw new TokenStoreUnavailableError('acquire', { cause: draining.reason, isClosed: true });
      const landing = this.flights.join(flightIdOf(key, demand), (flight) => acquisition.obtain(key, flight, demand), {
        signal,
        timeoutMs: policy.waitTimeoutMs,
        timeoutError: () => new TokenWaitTimeoutError(name, policy.waitTimeoutMs),
      });
      const { result, isFirst } = await lastErrors.record(key.id, landing);
      const obtained: Obtained = result.via === 'mint' && !isFirst ? { ...result, via: 'waited' } : result;
      this.report(name, obtained.via);
      return obtained;
    } catch (error) {
      const held = isLate || signal?.aborted ? undefined : this.spared(key, error, demand);
      if (!held && error instanceof TokenCacheError) this.report(name, 'mint');
      if (!held) throw error;
      this.report(name, 'near');
      return { held, via: 'near' };
    }
  }

  /**
   * No caller hears an error while this process holds a token that serves it. One whose time is over, or whose process
   * shuts down, while a rejected token is being replaced is given that one.
   */
  private spared(key: TokenKey, error: unknown, demand: Demand): HeldToken | undefined {
    const { clock, tokens } = this.parts;
    const now = momentOf(clock);
    const held = tokens.valid(key.id);
    if (held && serves(held, demand, now)) return held;
    const isOutOfTime = error instanceof TokenWaitTimeoutError || error instanceof TokenStoreUnavailableError;
    const last = isOutOfTime ? tokens.lastResort(key.id) : undefined;
    return last && livesLongEnough(last, demand, now) ? last : undefined;
  }

  private report(integration: string, via: Obtained['via']): void {
    if (via === 'mint') this.parts.observers.notify('miss', integration);
    else this.parts.observers.notify('hit', integration, via);
  }
}

function flightIdOf({ id }: TokenKey, { refusedGeneration, minLifeMs = 0 }: Demand): string {
  return JSON.stringify([id, refusedGeneration, minLifeMs]);
}
