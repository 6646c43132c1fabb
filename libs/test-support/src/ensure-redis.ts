import { execFileSync } from 'node:child_process';
import { ensureRedisServer } from './ensure-redis-server.js';

try {
  const bin = ensureRedisServer();
  console.log(`Redis server for the tests: ${bin} (${execFileSync(bin, ['--version'], { encoding: 'utf8' }).trim()})`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
