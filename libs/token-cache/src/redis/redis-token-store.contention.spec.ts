import { type RedisServer, startRedis } from '@mintonce/test-support';
import { contend } from '../testing/model/contention.spec-support.js';
import { StoreProcess } from '../testing/model/store-process.spec-support.js';

// A limit for hung processes only: no assertion depends on the speed of the machine.

describe('RedisTokenStore of the built library in four processes at once', () => {
  let server: RedisServer;
  let processes: StoreProcess[] = [];

  beforeAll(async () => {
    server = await startRedis();
    processes = await Promise.all([1, 2, 3, 4].map(() => StoreProcess.start('redis', server.socketPath, 'shop')));
  });

  afterAll(async () => {
    await Promise.all(processes.map((process) => process.stop()));
    await server?.stop();
  });

  it('gives a linearizable history', async () => {
    await contend(processes, 1_500, 'Redis');
  });
});
