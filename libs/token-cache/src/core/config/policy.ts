import { LONGEST_TIMER_MS } from '../contract/clock.js';
import { TokenConfigError } from '../contract/token-cache.errors.js';

/** How long a failing source is left alone, by the whole fleet or by the process that failed. */
export interface CooldownPolicy {
  /** After a refusal such as `invalid_client`. @defaultValue 30 000 */
  rejectedMs: number;
  /** Upper bound of the first cool-down after a transient failure; doubles with each failure, full jitter. @defaultValue 1 000 */
  transientMs: number;
  /** The longest cool-down after a transient failure. @defaultValue 30 000 */
  transientMaxMs: number;
  /** `Retry-After` (RFC 9110 section 10.2.3) is honoured up to this. @defaultValue 3 600 000 */
  retryAfterMaxMs: number;
}

/** How often a token that an upstream rejects is replaced, per key and for the whole fleet. */
export interface RejectionPolicy {
  /** From one replacement to the next; each that comes within twice this time of the last doubles it. @defaultValue 5 000 */
  paceMs: number;
  /** The longest pace; also that of early refreshes of a token which the upstream accepts elsewhere. @defaultValue 60 000 */
  maxPaceMs: number;
}

/** The in-process copy of tokens that are shared. */
export interface NearCachePolicy {
  /** How many tokens a process keeps; beyond that the one used least lately goes. @defaultValue 10 000 */
  maxEntries: number;
  /** For how long a token is served unasked while events are not arriving. @defaultValue 5 000 */
  maxAgeMs: number;
}

/** Per module and per integration; the integration wins, field by field. */
export interface TokenPolicy {
  /** A token is never handed out within this time of its expiry; at most 10 % of its life. @defaultValue 30 000 */
  safetyMarginMs: number;
  /**
   * The last part of a token's life in which one process refreshes it in the background; at most 20 % of its life. Refreshes of
   * many keys are spread over it: each token has a jitter of its own, up to all of it but `mintTimeoutMs` + `leaseMs`, and at
   * least a quarter. 0 turns it off. @defaultValue 300 000
   */
  refreshWindowMs: number;
  /** A mint that takes longer is aborted. @defaultValue 10 000 */
  mintTimeoutMs: number;
  /** A dead process is replaced after this; renewed every third of it while a mint runs. @defaultValue 3 000 */
  leaseMs: number;
  /** How long a caller waits at most; no less than `mintTimeoutMs` + `leaseMs`. @defaultValue 15 000 */
  waitTimeoutMs: number;
  /** Token requests of one provider that are open at once in a process; more of them wait their turn. @defaultValue 32 */
  maxOpenMints: number;
  /** Life of a token that says nothing of it, neither in `expires_in` nor, being a JWT, in `exp`. @defaultValue 300 000 */
  missingExpiryMs: number;
  /**
   * What it means when an answer states 0 or less for the end of a token: it is over, and not used; or it never ends, and is used
   * for `maxLifeMs` unless its own `exp` is nearer. @defaultValue `'over'`
   */
  zeroExpiry: 'over' | 'never';
  /** A longer life is cut to this. @defaultValue 86 400 000 */
  maxLifeMs: number;
  /** One store call; a purge is tried for 5 s, or twice as long as this. @defaultValue 500 */
  storeTimeoutMs: number;
  /** Mint without sharing, at most once per process and lifetime, or fail. @defaultValue `'mint-locally'` */
  whenStoreUnavailable: 'mint-locally' | 'fail';
  /** Statuses of an upstream that speak against the token, from 300 to 599. @defaultValue `[401]` */
  renewOn: readonly number[];
  /** How often a token that an upstream rejects is replaced. @defaultValue at most every 5 s, slowing down to every 60 s */
  rejection: RejectionPolicy;
  /** How long a source that failed is left alone. @defaultValue 30 s after a refusal, at most 1 s rising to 30 s otherwise, and up to 1 h of `Retry-After` */
  cooldown: CooldownPolicy;
}

/** The policy of an integration whose options, and those of its module, say nothing. */
export const DEFAULT_POLICY: TokenPolicy = {
  safetyMarginMs: 30_000,
  refreshWindowMs: 300_000,
  mintTimeoutMs: 10_000,
  leaseMs: 3_000,
  waitTimeoutMs: 15_000,
  maxOpenMints: 32,
  missingExpiryMs: 300_000,
  zeroExpiry: 'over',
  maxLifeMs: 86_400_000,
  storeTimeoutMs: 500,
  whenStoreUnavailable: 'mint-locally',
  renewOn: [401],
  rejection: { paceMs: 5_000, maxPaceMs: 60_000 },
  cooldown: { rejectedMs: 30_000, transientMs: 1_000, transientMaxMs: 30_000, retryAfterMaxMs: 3_600_000 },
};

/** The near cache of a module whose options say nothing. */
export const DEFAULT_NEAR_CACHE: NearCachePolicy = { maxEntries: 10_000, maxAgeMs: 5_000 };

/** What a user writes: any part of the policy. */
export type TokenPolicyOptions = Partial<Omit<TokenPolicy, 'cooldown' | 'rejection'>> & {
  /** Any part of how long a source that failed is left alone; see `CooldownPolicy`. */
  cooldown?: Partial<CooldownPolicy>;
  /** Any part of how often a token that an upstream rejects is replaced; see `RejectionPolicy`. */
  rejection?: Partial<RejectionPolicy>;
};

/** The smallest value that makes sense for each duration. */
const LEAST_MS: Record<DurationField, number> = {
  safetyMarginMs: 0,
  refreshWindowMs: 0,
  mintTimeoutMs: 1,
  leaseMs: 10,
  waitTimeoutMs: 1,
  missingExpiryMs: 1_000,
  maxLifeMs: 1_000,
  storeTimeoutMs: 1,
};

type DurationField = keyof TokenPolicy & `${string}Ms`;

/** Names of all policy options. */
export const POLICY_FIELDS = Object.keys(DEFAULT_POLICY) as (keyof TokenPolicy)[];

/**
 * Lays `options` over `base` and checks the result.
 *
 * @throws TokenConfigError naming the field, under `path`
 */
export function resolvePolicy(path: string, base: TokenPolicy, options: TokenPolicyOptions): TokenPolicy {
  const policy: TokenPolicy = {
    ...base,
    ...defined(options, POLICY_FIELDS),
    cooldown: resolveDurations(`${path}cooldown`, base.cooldown, options.cooldown),
    rejection: resolveDurations(`${path}rejection`, base.rejection, options.rejection),
  };
  for (const [field, least] of Object.entries(LEAST_MS)) {
    checkDuration(`${path}${field}`, policy[field as DurationField], least);
  }
  checkChoice(`${path}whenStoreUnavailable`, policy.whenStoreUnavailable, ['mint-locally', 'fail']);
  checkChoice(`${path}zeroExpiry`, policy.zeroExpiry, ['over', 'never']);
  if (!Number.isSafeInteger(policy.maxOpenMints) || policy.maxOpenMints < 1) {
    throw new TokenConfigError(`${path}maxOpenMints`, 'must be a whole number of at least 1');
  }
  if (policy.waitTimeoutMs < policy.mintTimeoutMs + policy.leaseMs) {
    throw new TokenConfigError(
      `${path}waitTimeoutMs`,
      `must be at least mintTimeoutMs + leaseMs (${policy.mintTimeoutMs + policy.leaseMs}), but is ${policy.waitTimeoutMs}`,
    );
  }
  checkStatuses(`${path}renewOn`, policy.renewOn);
  if (policy.rejection.maxPaceMs < policy.rejection.paceMs) {
    throw new TokenConfigError(
      `${path}rejection.maxPaceMs`,
      `must be at least paceMs (${policy.rejection.paceMs}), but is ${policy.rejection.maxPaceMs}`,
    );
  }
  return policy;
}

/**
 * Lays `options` over the defaults; `false` stays false.
 *
 * @throws TokenConfigError naming the field
 */
export function resolveNearCache(options: Partial<NearCachePolicy> | false | undefined): NearCachePolicy | false {
  if (options === false) return false;
  const known = objectWith('nearCache', options, Object.keys(DEFAULT_NEAR_CACHE) as (keyof NearCachePolicy)[]);
  const nearCache = { ...DEFAULT_NEAR_CACHE, ...known };
  if (!Number.isSafeInteger(nearCache.maxEntries) || nearCache.maxEntries < 1) {
    throw new TokenConfigError('nearCache.maxEntries', 'must be a whole number of at least 1');
  }
  checkDuration('nearCache.maxAgeMs', nearCache.maxAgeMs, 0);
  return nearCache;
}

/** Lays `options` over `base`, an object that holds durations only. */
function resolveDurations<T extends Record<keyof T, number>>(path: string, base: T, options?: Partial<T>): T {
  const fields = Object.keys(base) as (keyof T & string)[];
  const resolved: T = { ...base, ...objectWith<Partial<T>>(path, options, fields) };
  for (const field of fields) checkDuration(`${path}.${field}`, resolved[field], 1);
  return resolved;
}

function checkChoice(field: string, value: unknown, choices: readonly string[]): void {
  if (choices.includes(value as string)) return;
  throw new TokenConfigError(field, `must be ${choices.map((choice) => `'${choice}'`).join(' or ')}`);
}

function checkStatuses(field: string, statuses: unknown): void {
  const isStatus = (status: unknown): boolean =>
    Number.isInteger(status) && (status as number) >= 300 && (status as number) <= 599;
  if (!Array.isArray(statuses) || !statuses.every(isStatus)) {
    throw new TokenConfigError(field, 'must be a list of HTTP statuses from 300 to 599');
  }
}

/** @throws TokenConfigError when it is no duration that a timer can count */
export function checkDuration(field: string, value: unknown, least: number): void {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > LONGEST_TIMER_MS) {
    throw new TokenConfigError(field, `must be a whole number of milliseconds from ${least} to ${LONGEST_TIMER_MS}`);
  }
}

/** The fields that are set, of an options object that may hold no others. */
function objectWith<T extends object>(
  path: string,
  options: T | undefined,
  fields: readonly (keyof T & string)[],
): Partial<T> {
  if (options === undefined) return {};
  if (typeof options !== 'object' || options === null) throw new TokenConfigError(path, 'must be an object');
  for (const field of Object.keys(options)) {
    if (!fields.includes(field as keyof T & string)) throw new TokenConfigError(`${path}.${field}`, 'is not an option');
  }
  return defined(options, fields);
}

function defined<T extends object>(options: T, fields: readonly (keyof T)[]): Partial<T> {
  return Object.fromEntries(
    fields.filter((field) => options[field] !== undefined).map((field) => [field, options[field]]),
  ) as Partial<T>;
}
