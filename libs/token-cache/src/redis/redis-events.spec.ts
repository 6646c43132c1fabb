import { randomUUID } from 'node:crypto';

import { type RedisServer, startRedis, waitFor } from '@mintonce/test-support';
import { Redis } from 'ioredis';

import { type TokenStoreEvent, type TokenStoreListener } from '../core/contract/token-store.js';
import { RedisEvents } from './redis-events.js';

const CHANNEL = 'mintonce:events';
const EVENT: TokenStoreEvent = { type: 'purged', keyId: 'key', fence: 7 };

/** A listener that records its calls in order. */
class Log implements TokenStoreListener {
  readonly entries: string[] = [];
  readonly events: TokenStoreEvent[] = [];

  event(event: TokenStoreEvent): void {
    this.events.push(event);
  }

  up(): void {
    this.entries.push('up');
  }

  down(): void {
    this.entries.push('down');
  }
}

describe('RedisEvents', () => {
  let server: RedisServer;
  let client: Redis;
  let events: RedisEvents;
  let log: Log;
  const unhandled: unknown[] = [];
  const remember = (error: unknown) => unhandled.push(error);

  beforeAll(async () => {
    process.on('unhandledRejection', remember);
    server = await startRedis();
  });

  beforeEach(() => {
    client = new Redis(server.socketPath, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    client.on('error', () => {});
    events = new RedisEvents(client, CHANNEL, 100);
    log = new Log();
  });

  afterEach(() => {
    events.close();
    client.disconnect();
  });

  afterAll(async () => {
    process.off('unhandledRejection', remember);
    await server?.stop();
    expect(unhandled).toEqual([]);
  });

  const say = (message = 'purged 7 key') => client.publish(CHANNEL, message);

  it('opens no connection before the first subscription, and one for all listeners', async () => {
    const subscribers = async () => (await client.client('LIST', 'TYPE', 'PUBSUB')) as string;
    expect(await subscribers()).toBe('');
    const others = [new Log(), new Log()];
    for (const listener of [log, ...others]) events.subscribe(listener);
    await waitFor(() => [log, ...others].every(({ entries }) => entries.length === 1));
    expect((await subscribers()).trim().split('\n')).toEqual([expect.stringContaining('name=token-events')]);
    await say();
    await waitFor(() => [log, ...others].every((listener) => listener.events.length === 1));
    expect(log.events).toEqual([EVENT]);
  });

  it('subscribes again after its connection was killed, and calls down() and up()', async () => {
    events.subscribe(log);
    await waitFor(() => log.entries.length === 1);
    await client.client('KILL', 'TYPE', 'pubsub');
    await waitFor(() => log.entries.length === 3);
    expect(log.entries).toEqual(['up', 'down', 'up']);
    await say();
    await waitFor(() => log.events.length === 1);
  });

  it('leaves no connection behind after many kills in a row', async () => {
    events.subscribe(log);
    for (let i = 1; i <= 20; i++) {
      await waitFor(() => log.entries.length === 2 * i - 1);
      await client.client('KILL', 'TYPE', 'pubsub');
    }
    await waitFor(() => log.entries.length === 41);
    const list = (await client.client('LIST')) as string;
    expect(list.split('\n').filter((line) => line.includes('name=token-events'))).toHaveLength(1);
  });

  it('comes up again after the server was restarted', async () => {
    events.subscribe(log);
    await waitFor(() => log.entries.length === 1);
    await server.kill();
    await waitFor(() => log.entries.length === 2);
    await server.restart();
    await waitFor(() => log.entries.length === 3);
    expect(log.entries).toEqual(['up', 'down', 'up']);
    await say();
    await waitFor(() => log.events.length === 1);
  });

  it('comes up as soon as a server starts that was down at first', async () => {
    await server.kill();
    events.subscribe(log);
    await waitFor(() => client.status === 'reconnecting');
    expect(log.entries).toEqual([]);
    await server.restart();
    await waitFor(() => log.entries.length === 1);
    expect(log.entries).toEqual(['up']);
  });

  it('drops a connection that no longer answers PING', async () => {
    events.subscribe(log);
    await waitFor(() => log.entries.length === 1);
    server.pause();
    try {
      await waitFor(() => log.entries.length === 2);
    } finally {
      server.resume();
    }
    await waitFor(() => log.entries.length >= 3);
    expect(log.entries.slice(0, 3)).toEqual(['up', 'down', 'up']);
  });

  it('stays up while the channel is silent', async () => {
    events.subscribe(log);
    const pings = async () => Number(/cmdstat_ping:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0);
    await waitFor(() => log.entries.length === 1);
    const before = await pings();
    await waitFor(async () => (await pings()) >= before + 4);
    expect(log.entries).toEqual(['up']);
  });

  it('calls up() of a listener that subscribes while the channel is up', async () => {
    events.subscribe(log);
    await waitFor(() => log.entries.length === 1);
    const late = new Log();
    events.subscribe(late);
    expect(late.entries).toEqual([]);
    await waitFor(() => late.entries.length === 1);
    expect(log.entries).toEqual(['up']);
  });

  it('ignores messages of another format on its channel', async () => {
    events.subscribe(log);
    await waitFor(() => log.entries.length === 1);
    for (const noise of ['', 'hello', 'stolen 1 key', 'purged x key', 'purged 1', 'purged -1 key', '{"type":"purged"}'])
      await say(noise);
    await say();
    await waitFor(() => log.events.length > 0);
    expect(log.events).toEqual([EVENT]);
  });

  it('calls no listener after it was closed, and closes its connection', async () => {
    events.subscribe(log);
    await waitFor(() => log.entries.length === 1);
    events.close();
    await waitFor(async () => (await client.client('LIST', 'TYPE', 'PUBSUB')) === '');
    events.subscribe(log);
    await say();
    expect(log.entries).toEqual(['up']);
    expect(log.events).toEqual([]);
    expect(await client.client('LIST', 'TYPE', 'PUBSUB')).toBe('');
  });

  it('can be closed while it connects', async () => {
    events.subscribe(log);
    events.close();
    await waitFor(async () => !((await client.client('LIST')) as string).includes('name=token-events'));
    expect(log.entries).toEqual([]);
  });

  describe('under a Redis user with few permissions', () => {
    const user = randomUUID();
    const rights = ['on', '>secret', '+subscribe', '+info', '+ping'];

    beforeEach(() => {
      const restricted = {
        username: user,
        password: 'secret',
        commandTimeout: 1,
        retryStrategy: null,
        lazyConnect: true,
      };
      events = new RedisEvents(new Redis(server.socketPath, restricted), CHANNEL);
    });

    it('needs the permission to subscribe to its channel only', async () => {
      await client.acl('SETUSER', user, ...rights, 'resetchannels', `&${CHANNEL}`);
      events.subscribe(log);
      await waitFor(() => log.entries.length === 1);
      await say();
      await waitFor(() => log.events.length === 1);
    });

    it('retries without an error while it may not subscribe', async () => {
      await client.acl('SETUSER', user, ...rights, 'resetchannels');
      await client.acl('LOG', 'RESET');
      events.subscribe(log);
      await waitFor(async () => ((await client.acl('LOG')) as unknown[]).length > 0);
      expect(log.entries).toEqual([]);
      await client.acl('SETUSER', user, `&${CHANNEL}`);
      await waitFor(() => log.entries.length === 1);
    });
  });
});
