export { type TokenCacheFeatureAsyncOptions } from './nest/token-cache.feature.js';
export { TokenCacheModule } from './nest/token-cache.module.js';
export { TokenService } from './nest/token.service.js';
export {
  type ColdToken,
  type GetTokenOptions,
  type ReconfigureOptions,
  type SendOptions,
  TokenClient,
} from './core/token-client.js';
export { Token, type TokenProperties } from './core/contract/token.js';
export { type CredentialForm, type CredentialHeader } from './core/contract/credential.js';
export { type TokenRequest, resourcesOf, scopesOf } from './core/contract/token-request.js';
export { type IntegrationStatus } from './core/contract/token-status.js';
export { type TokenRequestInit } from './core/door/token-fetch.js';
export { type Transport } from './core/door/transport.js';
export { type UpstreamStatus } from './core/door/refusal.js';

export { type IntegrationOptions, type TokenCacheOptions } from './core/config/token-cache.options.js';
export {
  type CooldownPolicy,
  DEFAULT_NEAR_CACHE,
  DEFAULT_POLICY,
  type NearCachePolicy,
  type RejectionPolicy,
  type TokenPolicy,
  type TokenPolicyOptions,
} from './core/config/policy.js';
export { type EncryptionKey, type EncryptionOptions } from './core/config/encryption.js';
export { type Clock, LONGEST_TIMER_MS } from './core/contract/clock.js';
export { parseKeyId, type ParsedKeyId } from './core/contract/key-group.js';

export { type MintContext, type MintedToken, tokenSource, type TokenSource } from './core/contract/token-source.js';
export {
  type Acquired,
  type AnsweredSince,
  type Attempt,
  type Committed,
  type Cooldown,
  type Lease,
  type MintReason,
  type NotServed,
  type Offered,
  type Peeked,
  type Rejection,
  type RejectionVerdict,
  type StoredToken,
  type TokenGroupEvent,
  type TokenKeyEvent,
  type TokenStore,
  type TokenStoreEvent,
  type TokenStoreEvents,
  type TokenStoreListener,
  type TurnedAway,
  type Voided,
} from './core/contract/token-store.js';
export { MemoryTokenStore, type MemoryTokenStoreOptions } from './core/slot/memory-token-store.js';
export { TokenCallLog } from './core/token-call-log.js';
export { type ObservedWork, type WorkEnd } from './core/contract/observed-work.js';
export {
  type GetOutcome,
  type HitLayer,
  type MintOutcome,
  type RejectionOutcome,
  type StoreOperation,
  TokenObserver,
} from './core/contract/token-observer.js';

export {
  type FailureBinds,
  TokenCacheError,
  type TokenCacheErrorCode,
  TokenConfigError,
  TokenIntegrationUnknownError,
  TokenLifeTooShortError,
  TokenResponseInvalidError,
  TokenSourceError,
  type TokenSourceErrorOptions,
  TokenSourceRejectedError,
  TokenSourceUnavailableError,
  TokenStoreUnavailableError,
  TokenWaitTimeoutError,
} from './core/contract/token-cache.errors.js';
