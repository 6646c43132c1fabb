import { existsSync, readFileSync } from 'node:fs';
import { REDIS_IS_MISSING } from './ensure-redis-server.js';
import { redisServerBin } from './redis-server-bin.js';
import { startTogether } from './start-together.js';
import { Supervised } from './supervised.js';
import { waitFor } from './wait-for.js';

export interface RedisProcessOptions {
  args: readonly string[];
  /** Where these arguments make it log to. */
  logFile: string;
  answers: () => Promise<unknown>;
}

/**
 * Starts a Redis server or a Sentinel; resolves when it answers.
 *
 * @throws Error with its log, when there is no Redis server on this machine or it does not answer.
 */
export async function startRedisProcess({ args, logFile, answers }: RedisProcessOptions): Promise<Supervised> {
  const bin = redisServerBin();
  if (!bin) throw new Error(REDIS_IS_MISSING);
  return await startTogether(async (running) => {
    const server = await Supervised.start(bin, args, { stdio: 'ignore' });
    running.onStop(() => server.stop('SIGKILL'));
    await waitFor(async () => !server.running || (await answers()), { description: `${bin} answers PING` });
    if (!server.running) throw new Error(`${bin} did not start:\n${textOf(logFile)}`);
    return server;
  });
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
