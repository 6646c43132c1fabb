// What the former version has in one file.
export { TokenClient, tokenSource } from '@mintonce/token-cache';
export { RedisTokenStore } from '@mintonce/token-cache/redis';
export { SqliteTokenStore } from '@mintonce/token-cache/sqlite';
