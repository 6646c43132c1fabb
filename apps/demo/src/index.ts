export {
  type DemoClient,
  type IdentityProvider,
  type IdentityProviderOptions,
  type IdentityProviderStats,
  startIdentityProvider,
} from './identity-provider.js';
export { type Failure, type Settings } from './identity-provider-settings.js';
export { type TokenState } from './issued-tokens.js';
export { type TokenCall } from './token-calls.js';
export { type Upstream, type UpstreamOptions, startUpstream } from './upstream.js';
export { type UpstreamStatistics } from './upstream-stats.js';
