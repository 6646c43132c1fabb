export { type IdentityProviderStats } from './identity-provider.js';
export { type Failure, type Settings } from './identity-provider-settings.js';
export { IdentityProviderClient } from './testing/identity-provider-client.js';
export { type DemoProcess, startDemo } from './testing/start-demo.js';
export { UpstreamClient } from './testing/upstream-client.js';
export { overlapping, type TokenCall } from './token-calls.js';
export { type UpstreamStatistics } from './upstream-stats.js';
