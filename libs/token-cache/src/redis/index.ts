export { giveUpWhenSilent } from './give-up-when-silent.js';
export { RedisTokenStore, type RedisTokenStoreOptions } from './redis-token-store.js';
