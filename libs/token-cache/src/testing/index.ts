export { FakeClock } from './fake-clock.js';
export { fakeToken } from './fake-token.js';
export { FakeTokenSource } from './fake-token-source.js';
export { type FakeIntegration, fakeTokens } from './fake-tokens.js';
export { FaultyTokenStore, type StoreFault } from './faulty-token-store.js';
export { describeTokenStore, type TokenStoreContractOptions } from './token-store-contract.js';
export { type TokenStoreFixture } from './token-store-fixture.js';
