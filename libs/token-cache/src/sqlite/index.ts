export { SqliteTokenStore, type SqliteTokenStoreOptions } from './sqlite-token-store.js';
