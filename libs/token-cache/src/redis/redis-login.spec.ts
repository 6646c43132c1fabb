import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  freePort,
  type RedisServer,
  selfSignedCertificate,
  startRedis,
  type TemporaryDirectory,
  temporaryDirectory,
  waitFor,
} from '@mintonce/test-support';
import { Redis, type RedisOptions } from 'ioredis';
import { type TokenStoreEvent } from '../core/contract/token-store.js';
import { RedisTokenStore } from './redis-token-store.js';

const PASSWORD = 'p@ss:w/ö#rd %41 "+"';
const ATTEMPT = { leaseMs: 1_000, minTtlMs: 1 };

describe('RedisTokenStore of a user with an odd password, in database 5, behind a certificate of a private authority', () => {
  let directory: TemporaryDirectory;
  let server: RedisServer;
  let admin: Redis;
  let options: RedisOptions;
  let clients: Redis[];
  let stores: RedisTokenStore[];

  beforeAll(async () => {
    directory = temporaryDirectory();
    const { key, cert } = await selfSignedCertificate('localhost');
    const [keyFile, certFile] = [join(directory.path, 'key.pem'), join(directory.path, 'cert.pem')];
    writeFileSync(keyFile, key);
    writeFileSync(certFile, cert);
    const port = await freePort();
    const tls = ['--tls-port', `${port}`, '--tls-cert-file', certFile, '--tls-key-file', keyFile];
    server = await startRedis({ args: [...tls, '--tls-ca-cert-file', certFile, '--tls-auth-clients', 'no'] });
    admin = new Redis(server.socketPath);
    options = { host: 'localhost', port, tls: { ca: cert }, username: 'shop', db: 5, retryStrategy: () => 20 };
  });

  beforeEach(async () => {
    await admin.call('ACL', 'SETUSER', 'shop', 'reset', 'on', `>${PASSWORD}`, '~*', '&*', '+@all');
    clients = [0, 1].map(() => new Redis({ ...options, password: PASSWORD }));
    const namespace = randomUUID();
    stores = clients.map((client) => new RedisTokenStore(client, { namespace }));
  });

  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    for (const client of clients) client.disconnect();
  });

  afterAll(async () => {
    admin?.disconnect();
    await server?.stop();
    directory.remove();
  });

  /** A purge by the first store, as the second one hears it. */
  async function hearsPurge(heard: TokenStoreEvent[]): Promise<void> {
    heard.length = 0;
    await stores[0]!.purge('key');
    await waitFor(() => heard.some(({ type }) => type === 'purged'));
  }

  it('shares tokens, and hears of them', async () => {
    const heard: TokenStoreEvent[] = [];
    const isUp = new Promise<void>((up) =>
      stores[1]!.events.subscribe({ event: (event) => heard.push(event), up, down: () => undefined }),
    );
    await isUp;
    const granted = await stores[0]!.acquire('key', { ...ATTEMPT, nonce: 'a' });
    if (granted.outcome !== 'lease') throw new Error(granted.outcome);
    await stores[0]!.commit('key', granted.lease, 'payload', 60_000);
    expect(await stores[1]!.acquire('key', { ...ATTEMPT, nonce: 'b' })).toMatchObject({
      outcome: 'hit',
      token: { payload: 'payload' },
    });
    await hearsPurge(heard);
  });

  it('hears of them while the password is rotated, and logs in with the new one when it has to', async () => {
    const heard: TokenStoreEvent[] = [];
    let ups = 0;
    stores[1]!.events.subscribe({
      event: (event) => heard.push(event),
      up: () => ups++,
      down: () => undefined,
    });
    await waitFor(() => ups === 1);
    await admin.call('ACL', 'SETUSER', 'shop', '>another', `<${PASSWORD}`);
    await hearsPurge(heard);

    for (const client of clients) client.options.password = 'another';
    await admin.client('KILL', 'USER', 'shop');
    await waitFor(() => ups === 2);
    await hearsPurge(heard);
  });
});
