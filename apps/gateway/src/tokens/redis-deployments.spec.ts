import {
  type CertificateAuthority,
  certificateAuthority,
  freePort,
  type RedisServer,
  startCluster,
  startRedis,
  startSentinel,
  temporaryDirectory,
  type TemporaryDirectory,
  waitFor,
} from '@mintonce/test-support';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { gatewayRig, type GatewayRig } from '../test/running-gateway.js';

/** The rights that docs/stores.md names. */
const RIGHTS =
  '+get +pttl +set +del +hmget +hset +hdel +pexpire +time +publish +subscribe +evalsha +eval +ping +info'.split(' ');

/** A user of Redis with those rights in a namespace. */
function user(password: string, prefix = '', further: string[] = []): string[] {
  return ['on', `>${password}`, `~${prefix}mintonce:*`, `&${prefix}mintonce:events*`, ...RIGHTS, ...further];
}

/** ioredis gives up a login that was refused, and leaves its `commandTimeout` to run out. */
const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe('The gateway on a Redis with TLS and an access control list', () => {
  /** With that of the hook itself, as in `afterAll`. */
  let timersBefore: number;
  let rig: GatewayRig;
  let files: TemporaryDirectory;
  let authority: CertificateAuthority;
  let redis: RedisServer;
  let admin: Redis;
  let tlsPort: number;

  beforeAll(async () => {
    timersBefore = timers();
    files = temporaryDirectory();
    authority = await certificateAuthority();
    const server = await authority.issue('redis.internal');
    const path = (name: string, content: string): string => {
      writeFileSync(join(files.path, name), content);
      return join(files.path, name);
    };
    tlsPort = await freePort();
    redis = await startRedis({
      args: [
        ...['--tls-port', String(tlsPort), '--tls-auth-clients', 'yes'],
        ...['--tls-ca-cert-file', path('ca.pem', authority.cert)],
        ...['--tls-cert-file', path('server.pem', server.cert), '--tls-key-file', path('server.key', server.key)],
      ],
    });
    admin = new Redis(redis.socketPath);
  });
  beforeEach(async () => {
    rig = await gatewayRig();
    const { key, cert } = await authority.issue('gateway');
    rig.file('ca.pem', authority.cert);
    rig.file('client.pem', cert);
    rig.file('client.key', key);
    rig.file('password', 'p@ss:w/rd%\n');
    await admin.call('ACL', 'SETUSER', 'gateway', 'reset', ...user('p@ss:w/rd%', 'shop:', ['+select']));
  });
  afterEach(async () => {
    await rig.stop();
    await admin.flushall();
  });
  afterAll(async () => {
    admin?.disconnect();
    await redis?.stop();
    files?.remove();
    await waitFor(() => timers() <= timersBefore, { description: 'the time limits of refused logins to run out' });
  });

  const tls = { ca: 'file:ca.pem', cert: 'file:client.pem', key: 'file:client.key', serverName: 'redis.internal' };
  const section = (changes: object = {}) => ({
    redis: {
      ...{ host: '127.0.0.1', port: tlsPort, username: 'gateway', password: 'file:password' },
      ...{ keyPrefix: 'shop:', tls, ...changes },
    },
  });

  async function connections(): Promise<string[]> {
    return ((await admin.client('LIST')) as string).split('\n').filter((line) => line.includes('user=gateway'));
  }

  it('shares its token in the database and under the prefix of the file, as a user with the rights that docs/stores.md names', async () => {
    const first = await rig.start(section({ db: 2 }));
    const second = await rig.start(section({ db: 2 }));
    expect([await first.call(), await second.call()]).toEqual([200, 200]);

    expect(rig.idp.seen).toHaveLength(1);
    await admin.select(2);
    const keys = await admin.keys('*');
    await admin.select(0);
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.every((key) => key.startsWith('shop:mintonce:'))).toBe(true);
    expect(await admin.keys('*')).toEqual([]);
    // Both the connection of the commands and that of the events.
    expect((await connections()).length).toBeGreaterThanOrEqual(4);
  });

  it('is told by another gateway of a purge, over TLS', async () => {
    const [first, second] = [await rig.start(section()), await rig.start(section())];
    await first.call();
    await second.call();
    await fetch(`${first.url}/api/integrations/billing/purge`, { method: 'POST' });

    await waitFor(async () => (await second.call()) === 200 && rig.idp.seen.length === 2);
  });

  it('takes the same from a rediss URL', async () => {
    const password = encodeURIComponent('p@ss:w/rd%');
    const url = `rediss://gateway:${password}@127.0.0.1:${tlsPort}/0`;
    const gateway = await rig.start({ redis: { url, keyPrefix: 'shop:', tls } });

    expect(await gateway.call()).toBe(200);
    expect((await admin.keys('shop:mintonce:*')).length).toBeGreaterThan(0);
  });

  it.each([
    ['a wrong password', { password: 'wrong' }],
    ['no certificate of its own', { tls: { ca: 'file:ca.pem', serverName: 'redis.internal' } }],
    ['no authority that vouches for the server', { tls: { ...tls, ca: undefined } }],
    ['another name than that of the certificate', { tls: { ...tls, serverName: 'other.internal' } }],
    ['no TLS', { tls: false }],
  ])('stores nothing with %s, and serves tokens of its own', async (_what, changes) => {
    const gateway = await rig.start(section(changes));

    expect(await gateway.call()).toBe(200);
    expect(await (await fetch(`${gateway.url}/health/ready`)).json()).toMatchObject({ status: 'degraded' });
    expect(await admin.keys('*')).toEqual([]);
  });

  it.each(['host', 'sentinels', 'cluster'])('tells in the log why no connection is made, with %s', async (kind) => {
    const address = { host: { host: '127.0.0.1', port: tlsPort } }[kind] ?? { [kind]: [`127.0.0.1:${tlsPort}`] };
    const name = kind === 'sentinels' ? { sentinelName: 'tokens' } : {};
    const { log } = await rig.start({ redis: { ...address, ...name, tls: { ...tls, serverName: 'other.internal' } } });
    await waitFor(() => log.text().includes("is not in the cert's altnames"));
  });

  it('verifies the certificate whatever NODE_TLS_REJECT_UNAUTHORIZED says', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const gateway = await rig.start(section({ tls: { ...tls, ca: undefined } }));
      await gateway.call();
      expect(await admin.keys('*')).toEqual([]);
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
  });

  it('uses a rotated password and certificate at its next connection, without a restart', async () => {
    const gateway = await rig.start(section());
    await gateway.call();
    const { key, cert } = await authority.issue('gateway-2');
    rig.file('client.pem', cert);
    rig.file('client.key', key);
    rig.file('password', 'rotated\n');
    await admin.call('ACL', 'SETUSER', 'gateway', 'resetpass', '>rotated');
    await admin.call('CLIENT', 'KILL', 'USER', 'gateway');

    await waitFor(async () => (await connections()).length >= 2);
    await fetch(`${gateway.url}/api/integrations/billing/purge`, { method: 'POST' });
    expect(await gateway.call()).toBe(200);
    expect((await admin.keys('shop:mintonce:*:t')).length).toBe(1);
  });

  it('reconnects once the file of the password is right again', async () => {
    const gateway = await rig.start(section());
    await admin.call('ACL', 'SETUSER', 'gateway', 'resetpass', '>rotated');
    rig.file('password', '');
    await admin.call('CLIENT', 'KILL', 'USER', 'gateway');
    await waitFor(async () => (await gateway.call()) === 200 && (await connections()).length === 0);
    rig.file('password', 'rotated');

    await waitFor(async () => (await connections()).length >= 2);
  });

  it('does not start with a database that the server does not have', async () => {
    await expect(rig.start(section({ db: 99 }))).rejects.toThrow('redis.db: is no database of this server');
  });
});

describe('The gateway behind Redis Sentinels', () => {
  it('logs in to Sentinels and primary with passwords of their own, and follows a failover', async () => {
    const rig = await gatewayRig();
    const sentinels = await startSentinel();
    try {
      await Promise.all(
        sentinels.sentinels.map(({ admin }) => admin.call('ACL', 'SETUSER', 'watcher', 'on', '>watch', '+@all')),
      );
      await Promise.all(
        sentinels.sentinels.map(({ admin }) => admin.call('ACL', 'SETUSER', 'default', 'resetpass', '>other')),
      );
      await Promise.all(
        sentinels.servers.map((server) => sentinels.admin(server).call('ACL', 'SETUSER', 'gateway', ...user('tokens'))),
      );
      const redis = {
        sentinels: sentinels.ports.map((port) => `127.0.0.1:${port}`),
        sentinelName: sentinels.name,
        sentinelUsername: 'watcher',
        sentinelPassword: rig.file('sentinel-password', 'watch\n'),
        username: 'gateway',
        password: 'tokens',
      };
      const gateway = await rig.start({ redis });
      expect(await gateway.call()).toBe(200);
      const isShared = async () => (await sentinels.admin(await sentinels.master()).keys('mintonce:*:t')).length === 1;
      expect(await isShared()).toBe(true);
      await sentinels.replicated();
      const former = await sentinels.killMaster();
      await sentinels.promoted(former);
      await waitFor(
        async () => ((await (await fetch(`${gateway.url}/health`)).json()) as { status: string }).status === 'ok',
      );

      const other = await rig.start({ redis });
      expect(await other.call()).toBe(200);
      expect(rig.idp.seen).toHaveLength(1);
    } finally {
      await rig.stop();
      await sentinels.stop();
    }
  });
});

describe('The gateway on a Redis Cluster', () => {
  it('shares its token over TLS, as a user with the rights that docs/stores.md names for a cluster', async () => {
    const rig = await gatewayRig();
    const authority = await certificateAuthority();
    const { key, cert } = await authority.issue('redis.internal');
    const [ca] = [rig.file('ca.pem', authority.cert), rig.file('node.pem', cert), rig.file('node.key', key)];
    const ports: number[] = [];
    const cluster = await startCluster({
      masters: 3,
      replicas: 0,
      args: async () => {
        const tlsPort = await freePort();
        ports.push(tlsPort);
        return [
          // Nodes tell clients of their port for TLS only when they speak TLS among themselves.
          ...['--tls-port', String(tlsPort), '--tls-cluster', 'yes', '--tls-auth-clients', 'no'],
          ...['--tls-ca-cert-file', rig.path('ca.pem')],
          ...['--tls-cert-file', rig.path('node.pem'), '--tls-key-file', rig.path('node.key')],
        ];
      },
    });
    try {
      const rights = user('tokens', 'shop:', ['+cluster']);
      await Promise.all(
        cluster.servers.map((server) => cluster.admin(server).call('ACL', 'SETUSER', 'gateway', ...rights)),
      );
      const redis = {
        cluster: ports.map((port) => `127.0.0.1:${port}`),
        username: 'gateway',
        password: rig.file('password', 'tokens'),
        keyPrefix: 'shop:',
        tls: { ca },
      };
      const [first, second] = [await rig.start({ redis }), await rig.start({ redis })];
      expect([await first.call(), await second.call()]).toEqual([200, 200]);

      expect(rig.idp.seen).toHaveLength(1);
      await fetch(`${first.url}/api/integrations/billing/purge`, { method: 'POST' });
      await waitFor(async () => (await second.call()) === 200 && rig.idp.seen.length === 2);
      expect(await (await fetch(`${first.url}/health/ready`)).json()).toMatchObject({ status: 'ok' });
    } finally {
      await rig.stop();
      await cluster.stop();
    }
  });
});
