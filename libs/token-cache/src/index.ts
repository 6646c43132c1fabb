export { TokenCacheModule } from './lib/token-cache.module.js';
export { TokenService } from './lib/token.service.js';
export { Token, type TokenProperties } from './lib/token.js';
export { type TokenRequest, resourcesOf, scopesOf } from './lib/token-request.js';
export { type IntegrationStatus } from './lib/token-status.js';
export { type TokenRequestInit } from './lib/token-fetch.js';

export { type IntegrationOptions, type TokenCacheOptions } from './lib/token-cache.options.js';
export {
  type CooldownPolicy,
  DEFAULT_NEAR_CACHE,
  DEFAULT_POLICY,
  type NearCachePolicy,
  type TokenPolicy,
  type TokenPolicyOptions,
} from './lib/policy.js';
export { type EncryptionKey, type EncryptionOptions } from './lib/payload-codec.js';
export { type Clock } from './lib/clock.js';

export { type MintContext, type MintedToken, tokenSource, type TokenSource } from './lib/token-source.js';
export {
  type Acquired,
  type Attempt,
  type Committed,
  type Cooldown,
  type Lease,
  type MintReason,
  type Peeked,
  type StoredToken,
  type TokenStore,
  type TokenStoreEvent,
  type TokenStoreEvents,
  type TokenStoreListener,
} from './lib/token-store.js';
export { MemoryTokenStore } from './lib/memory-token-store.js';
export { type HitLayer, type MintOutcome, type StoreOperation, TokenObserver } from './lib/token-observer.js';

export {
  TokenCacheError,
  type TokenCacheErrorCode,
  TokenConfigError,
  TokenIntegrationUnknownError,
  TokenResponseInvalidError,
  TokenSourceError,
  type TokenSourceErrorOptions,
  TokenSourceRejectedError,
  TokenSourceUnavailableError,
  TokenStoreUnavailableError,
  TokenWaitTimeoutError,
} from './lib/token-cache.errors.js';
