export { type IdentityProviderStats } from '../identity-provider.js';
export { overlapping, type TokenCall } from '../token-calls.js';
export { IdentityProviderClient } from './identity-provider-client.js';
export { type DemoProcess, startDemo } from './start-demo.js';
export { UpstreamClient } from './upstream-client.js';
