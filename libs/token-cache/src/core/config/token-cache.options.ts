import { type Clock, systemClock } from '../contract/clock.js';
import { type CredentialForm } from '../contract/credential.js';
import { resolveCredential } from './credential-form.js';
import { resolveWarmUp, resolveWarmUpTimeout } from './warm-up.js';
import { type EncryptionKeys, type EncryptionOptions, resolveEncryption } from './encryption.js';
import {
  DEFAULT_POLICY,
  type NearCachePolicy,
  POLICY_FIELDS,
  resolveNearCache,
  resolvePolicy,
  type TokenPolicy,
  type TokenPolicyOptions,
} from './policy.js';
import { TokenConfigError } from '../contract/token-cache.errors.js';
import { type TokenRequest } from '../contract/token-request.js';
import { type TokenSource } from '../contract/token-source.js';
import { type TokenStore } from '../contract/token-store.js';

/** One thing that we hold tokens for, and how it departs from the module's policy. */
export interface IntegrationOptions extends TokenPolicyOptions {
  /** Where its tokens come from, such as `clientCredentials()`. */
  source: TokenSource;
  /**
   * The header that its upstream wants the token in: `Authorization: Zoho-oauthtoken {token}`, `X-Api-Token: {token}`. `{type}`
   * stands for the type of the token. @defaultValue `Authorization: {type} {token}`
   */
  credential?: string;
  /**
   * Which of its tokens are there before the application is ready: `true` for the one without a request, or the requests, such as
   * tenants. @defaultValue `false`: each is minted when it is first asked for
   */
  warmUp?: boolean | readonly TokenRequest[];
}

/**
 * What a module or a client is made of: the store, the integrations and the policy that they depart from. A value that cannot work is
 * refused at boot with TokenConfigError, which names it.
 */
export interface TokenCacheOptions extends TokenPolicyOptions {
  /** Where the processes share tokens. It closes only connections that it opened itself. */
  store: TokenStore;
  /** By the name that `getToken` is called with. Feature modules add theirs with `forFeature`. @defaultValue none */
  integrations?: Record<string, IntegrationOptions>;
  /** The in-process copy of what is shared; `false` asks the store on every look-up. @defaultValue 10 000 entries, 5 000 ms (`DEFAULT_NEAR_CACHE`) */
  nearCache?: Partial<NearCachePolicy> | false;
  /** How long a boot waits for the tokens of integrations with `warmUp`; then it goes on, and so do the mints; in ms. @defaultValue 5 000 */
  warmUpTimeoutMs?: number;
  /** Seals tokens in the store with AES-256-GCM under the first key; the others still open what they sealed. @defaultValue none */
  encryption?: EncryptionOptions;
  /** Time; for tests. @defaultValue the system's */
  clock?: Clock;
  /** Jitter, from 0 to below 1; for tests. @defaultValue `Math.random` */
  random?: () => number;
}

/** Options with every default filled in and every value checked. */
export interface TokenCacheConfig {
  store: TokenStore;
  policy: TokenPolicy;
  integrations: Map<string, Integration>;
  nearCache: NearCachePolicy | false;
  warmUpTimeoutMs: number;
  encryption: EncryptionKeys;
  clock: Clock;
  random: () => number;
}

export interface Integration {
  readonly name: string;
  readonly source: TokenSource;
  readonly policy: TokenPolicy;
  /** How its upstream wants the token. @defaultValue `Authorization: {type} {token}` */
  readonly credential?: CredentialForm | undefined;
  /** The requests whose tokens are there before the application is ready; an empty one stands for no request. @defaultValue none */
  readonly warmUp?: readonly TokenRequest[];
}

/** The options beside those of the policy; the compiler tells of one that is missing here, which would be refused. */
type Beside<Options> = Record<Exclude<keyof Options, keyof TokenPolicy>, true>;

const MODULE_FIELDS = fieldsOf({
  store: true,
  integrations: true,
  nearCache: true,
  warmUpTimeoutMs: true,
  encryption: true,
  clock: true,
  random: true,
  isGlobal: true,
} satisfies Beside<TokenCacheOptions & { isGlobal: unknown }>);
const INTEGRATION_FIELDS = fieldsOf({
  source: true,
  credential: true,
  warmUp: true,
} satisfies Beside<IntegrationOptions>);

/** What every store has. */
type StoreMethod = {
  [Name in keyof TokenStore]-?: undefined extends TokenStore[Name] ? never : Name;
}[keyof TokenStore];

const STORE_METHODS = Object.keys({
  peek: true,
  acquire: true,
  renew: true,
  commit: true,
  offer: true,
  fail: true,
  invalidate: true,
  purge: true,
  purgeGroup: true,
  ping: true,
  close: true,
} satisfies Record<StoreMethod, true>) as StoreMethod[];

/**
 * Fills in the defaults and checks everything, so that a mistake shows at boot.
 *
 * @throws TokenConfigError naming the field
 */
export function resolveOptions(options: TokenCacheOptions): TokenCacheConfig {
  if (typeof options !== 'object' || options === null) throw new TokenConfigError('options', 'must be an object');
  checkFields('', options, MODULE_FIELDS);
  checkStore(options.store);
  const policy = resolvePolicy('', DEFAULT_POLICY, options);
  return {
    store: options.store,
    policy,
    integrations: resolveIntegrations(options.integrations ?? {}, policy),
    nearCache: resolveNearCache(options.nearCache),
    warmUpTimeoutMs: resolveWarmUpTimeout(options.warmUpTimeoutMs),
    encryption: resolveEncryption(options.encryption),
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}

/**
 * Checks that these are options of the policy.
 *
 * @throws TokenConfigError naming the field
 */
export function checkPolicyFields(options: TokenPolicyOptions): TokenPolicyOptions {
  checkFields('', options, new Set<string>(POLICY_FIELDS));
  return options;
}

/**
 * The same for the integrations of one module.
 *
 * @throws TokenConfigError naming the field
 */
export function resolveIntegrations(
  integrations: Record<string, IntegrationOptions>,
  base: TokenPolicy,
): Map<string, Integration> {
  return new Map(
    Object.entries(integrations).map(([name, options]) => [name, resolveIntegration(name, options, base)]),
  );
}

function resolveIntegration(name: string, options: IntegrationOptions, base: TokenPolicy): Integration {
  const path = `integrations.${name}`;
  if (name === '') throw new TokenConfigError('integrations', 'has an entry without a name');
  if (typeof options !== 'object' || options === null) throw new TokenConfigError(path, 'must be an object');
  checkFields(`${path}.`, options, INTEGRATION_FIELDS);
  if (typeof options.source?.mint !== 'function')
    throw new TokenConfigError(`${path}.source`, 'must be a token source');
  if (typeof options.source.identity !== 'string' || options.source.identity === '') {
    throw new TokenConfigError(`${path}.source.identity`, 'must be a string that is not empty');
  }
  for (const field of ['provider', 'client'] as const) {
    const named: unknown = options.source[field];
    if (named !== undefined && (typeof named !== 'string' || named === '')) {
      throw new TokenConfigError(`${path}.source.${field}`, 'must be a string that is not empty, if given');
    }
  }
  const credential = resolveCredential(`${path}.credential`, options.credential);
  const warmUp = resolveWarmUp(`${path}.warmUp`, options.warmUp);
  return { name, source: options.source, policy: resolvePolicy(`${path}.`, base, options), credential, warmUp };
}

function fieldsOf(beside: object): ReadonlySet<string> {
  return new Set([...POLICY_FIELDS, ...Object.keys(beside)]);
}

function checkStore(store: unknown): void {
  const missing = STORE_METHODS.find((method) => typeof (store as TokenStore | undefined)?.[method] !== 'function');
  if (missing) throw new TokenConfigError('store', `must be a token store, but has no ${missing}()`);
}

function checkFields(path: string, options: object, known: ReadonlySet<string>): void {
  const unknown = Object.keys(options).find((field) => !known.has(field));
  if (unknown) throw new TokenConfigError(`${path}${unknown}`, 'is not an option');
}
