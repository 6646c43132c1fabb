export { FakeClock } from './fake-clock.js';
export { FakeTokenSource } from './fake-token-source.js';
export { FaultyTokenStore, type StoreFault } from './faulty-token-store.js';
export * from './token-store-contract.js';
