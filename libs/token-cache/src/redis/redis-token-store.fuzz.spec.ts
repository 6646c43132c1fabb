import { recordEvidence, type RedisServer, startRedis } from '@mintonce/test-support';
import { Redis } from 'ioredis';
import { fuzz, fuzzTimeoutMs } from '../testing/model/fuzz.spec-support.js';
import { redisSystem } from './redis-system.spec-support.js';

const HISTORIES = 300;

describe('RedisTokenStore', () => {
  let server: RedisServer;
  let clients: Redis[];

  beforeAll(async () => {
    server = await startRedis();
    clients = Array.from({ length: 3 }, () => new Redis(server.socketPath));
  });

  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await server?.stop();
  });

  it(
    'gives the answers of the specification to every random history of three processes, with losses and a clock that is set',
    async () => {
      const { histories, commands } = await fuzz(() => redisSystem(clients), HISTORIES, {
        losses: ['token', 'record', 'everything'],
        forgetsOnTime: true,
      });
      recordEvidence({
        promises: [1],
        fault:
          'random commands, sent twice, late and after the loss of the token, the lease record or both, and clocks that step',
        seen: `${histories} histories, ${commands} commands on ${await version(clients[0]!)}: granted and published fences rise, stale commits are refused, nothing is kept for longer or shorter than specified`,
      });
    },
    fuzzTimeoutMs(HISTORIES),
  );
});

async function version(client: Redis): Promise<string> {
  const info = await client.info('server');
  const [, name, number] =
    /(redis|valkey)_version:(\S+)/.exec(info.replace(/redis_version:\S+([^]*valkey_version)/, '$1')) ?? [];
  return `${name} ${number}`;
}
