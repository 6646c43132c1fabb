import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  freePort,
  type Pm2,
  type RedisServer,
  RunningParts,
  startPm2,
  startRedis,
  temporaryDirectory,
  waitFor,
} from '@mintonce/test-support';
import { Redis } from 'ioredis';
import { ROOT } from './fleet.js';
import { formsOf, leaksIn, type Places, type Secret } from './secrets/leaks.js';
import { secretValue, startWitness, type Witness } from './secrets/witness.js';

const sha256 = (value: string) => createHash('sha256').update(value).digest('hex');
/** What is read from files holds bytes of any value. */
const bytesOf = (path: string) => readFileSync(path, 'latin1');

/** Everything in a folder, by the names of the files. */
function contentsOf(folder: string): Places {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const regular = files.filter((file) => statSync(join(folder, file)).isFile());
  return Object.fromEntries(regular.map((file) => [`${folder}/${file}`, bytesOf(join(folder, file))]));
}

describe('The search for secrets', () => {
  const secret: Secret = { name: 'a secret', value: secretValue() };

  it.each(
    Object.keys(formsOf(secret.value)).flatMap((form) =>
      ['', 'x', 'xy'].map((before) => [form, before.length] as const),
    ),
  )('finds one %s behind %d bytes', (form, offset) => {
    const inside = Buffer.from(`${'x'.repeat(offset)}${secret.value}&`);
    const written = {
      'as it is': inside.toString(),
      'in JSON': JSON.stringify(inside.toString()),
      'URL-encoded': encodeURIComponent(inside.toString()),
      'in base64': inside.toString('base64'),
      'in base64url': inside.toString('base64url'),
      'in hex': inside.toString('hex'),
    }[form];

    expect(leaksIn({ 'a log': `before ${written} after` }, [secret])).toContain(`a secret ${form} in a log`);
  });

  it('finds nothing where none is', () => {
    expect(leaksIn({ 'a log': `before ${sha256(secret.value)} ${secretValue()} after` }, [secret])).toEqual([]);
  });
});

describe.each(['redis', 'sqlite'] as const)('After a whole run under PM2 with encryption on %s, a search', (store) => {
  const running = new RunningParts();
  const key = { shop: secretValue(), operator: secretValue(), wrong: secretValue() };
  const clientSecret = secretValue();
  const encryptionKey = randomBytes(32).toString('base64');
  const ofCaller = { query: secretValue(), cookie: secretValue(), body: secretValue() };
  const state = temporaryDirectory();
  const answers: string[] = [];
  const commands: string[] = [];
  let places: Places;
  let secrets: Secret[];
  let witness: Witness;
  let pm2: Pm2;
  let redis: RedisServer | undefined;
  let url: string;

  beforeAll(async () => {
    running.onStop(() => state.remove());
    witness = running.add(await startWitness());
    redis = store === 'redis' ? running.add(await startRedis({ args: ['--rdbcompression', 'no'] })) : undefined;
    if (redis) await record(redis);
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const config = temporaryDirectory();
    running.onStop(() => config.remove());
    writeFileSync(join(config.path, 'client_secret'), clientSecret);
    writeFileSync(join(config.path, 'encryption_key'), encryptionKey);
    writeFileSync(join(config.path, 'gateway.yaml'), JSON.stringify(file()));
    const env = {
      HOST: '127.0.0.1',
      PORT: String(port),
      GATEWAY_CONFIG: join(config.path, 'gateway.yaml'),
      GATEWAY_WORKERS: '2',
      GATEWAY_STATE_DIR: state.path,
      REDIS_URL: redis?.url ?? '',
      LOG_LEVEL: 'trace',
    };
    pm2 = running.add(await startPm2({ ecosystem: join(ROOT, 'ecosystem.config.cjs'), env }));
    await ready();
    await run();
    places = await everything();
    secrets = [
      { name: 'client secret', value: clientSecret },
      { name: 'encryption key', value: encryptionKey },
      ...Object.entries(key).map(([name, value]) => ({ name: `key ${name}`, value })),
      ...Object.entries(ofCaller).map(([name, value]) => ({ name: `${name} of the caller`, value })),
      ...witness.minted,
    ];
  });
  afterAll(() => running.stop());

  function file(): object {
    const client = { clientId: 'gateway', clientSecret: 'file:client_secret', allowInsecureRequests: true };
    const token = { grant: 'client_credentials', tokenEndpoint: witness.tokenEndpoint, ...client };
    const at = (path: string) => ({ ...token, tokenEndpoint: `${witness.tokenEndpoint}/${path}` });
    const all = { integrations: ['*'] };
    return {
      store,
      encryption: { keys: [{ id: 'k1', key: 'file:encryption_key' }] },
      integrations: {
        demo: { upstream: witness.upstream, token, policy: { rejection: { paceMs: 1, maxPaceMs: 1 } } },
        refusing: { upstream: witness.upstream, token: at('broken') },
        garbling: { upstream: witness.upstream, token: at('garbled') },
        unreachable: { upstream: 'http://127.0.0.1:9', token: at('unreachable') },
      },
      access: {
        apiKeys: [
          { id: 'shop', sha256: sha256(key.shop), integrations: ['demo'] },
          { id: 'operator', sha256: sha256(key.operator), ...all, purge: true, token: true },
        ],
      },
    };
  }

  /** Keeps every command that the server is sent: what is published is stored nowhere. */
  async function record(server: RedisServer): Promise<void> {
    const admin = new Redis(server.socketPath);
    running.onStop(() => admin.disconnect());
    const monitor = await admin.monitor();
    running.onStop(() => monitor.disconnect());
    monitor.on('monitor', (_at: string, command: string[]) => commands.push(command.join(' ')));
  }

  /** Whatever PM2 says: a machine that is busy may take longer to boot a worker than PM2 waits. */
  const ready = () => waitFor(async () => (await fetch(`${url}/health/ready`)).ok, { description: 'the gateway' });

  async function call(path: string, headers: Record<string, string> = {}, init: RequestInit = {}): Promise<string> {
    const response = await fetch(url + path, { ...init, headers });
    const body = await response.text().catch(() => '');
    // The token itself is what this route is asked for.
    if (!path.startsWith('/token/')) answers.push([...response.headers].join('\n'), body);
    return body;
  }

  async function run(): Promise<void> {
    const asShop = { authorization: `Bearer ${key.shop}`, cookie: `sid=${ofCaller.cookie}` };
    const asOperator = { 'x-api-key': key.operator };
    const post = { method: 'POST', body: JSON.stringify({ password: ofCaller.body }) };
    const query = `?access_token=${encodeURIComponent(ofCaller.query)}`;
    const requests = async () => {
      for (let round = 0; round < 4; round++) await call(`/proxy/demo/x${query}`, asShop, post);
      for (const path of ['/proxy/demo/x', '/token/demo', '/metrics', `/${key.wrong}`])
        await call(path + query, { authorization: `Bearer ${key.wrong}` });
      await call(`/proxy/demo/x`, { 'x-api-key': key.wrong, authorization: `Bearer ${key.shop}` });
      await call(`/proxy/refusing/x${query}`, asShop);
      for (const name of ['demo', 'refusing', 'garbling', 'unreachable'])
        await call(`/proxy/${name}/x${query}`, asOperator);
      for (const path of ['a%2f..%2fb', '%ff', 'broken', 'refused']) await call(`/proxy/demo/${path}${query}`, asShop);
      await call('/token/demo', asOperator, { method: 'POST' });
      await call('/api/integrations/demo/purge', asOperator, { method: 'POST' });
      for (const path of ['/health', '/health/ready', '/health/live', '/metrics', '/api/integrations', '/nowhere'])
        await call(path + query, asOperator);
    };
    await requests();
    await pm2.run('reload', 'gateway');
    await ready();
    await requests();
    await pm2.run('save');
  }

  async function everything(): Promise<Places> {
    const processes = (await pm2.list()).map(({ pid }) => [`the arguments and environment of ${pid}`, processOf(pid)]);
    const listed = await pm2.run('jlist');
    // The last lines of the workers are written when they stop.
    await pm2.run('stop', 'gateway');
    return {
      'the answers': answers.join('\n'),
      'the commands to Redis': commands.join('\n'),
      'the list of PM2': listed,
      ...Object.fromEntries(processes),
      ...contentsOf(pm2.home),
      ...contentsOf(state.path),
      ...(redis && { 'the dump of Redis': await dumpOf(redis) }),
    };
  }

  /** Where the system shows them. */
  function processOf(pid: number): string {
    const paths = [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`];
    return paths.map((path) => (existsSync(path) ? bytesOf(path) : '')).join('\n');
  }

  async function dumpOf(server: RedisServer): Promise<string> {
    const admin = new Redis(server.socketPath);
    try {
      await admin.save();
      const [, directory = ''] = (await admin.config('GET', 'dir')) as string[];
      const path = join(directory, 'dump.rdb');
      return bytesOf(path);
    } finally {
      admin.disconnect();
    }
  }

  const placeOf = (pattern: RegExp) => Object.entries(places).filter(([place]) => pattern.test(place));

  it('finds no secret and no token of the run in what was written', () => {
    expect(witness.minted.length).toBeGreaterThanOrEqual(4);
    expect(leaksIn(places, secrets)).toEqual([]);
  });

  it('finds one that is planted in any of the places', () => {
    const [planted] = witness.minted as [Secret];
    const changed = Object.fromEntries(
      Object.entries(places).map(([place, content]) => [place, content + planted.value]),
    );

    expect(leaksIn(changed, [planted])).toEqual(
      expect.arrayContaining(Object.keys(places).map((place) => `${planted.name} as it is in ${place}`)),
    );
  });

  it('has looked at everything that is written', () => {
    const expected: [place: RegExp, content: string][] = [
      [/the answers/, 'urn:mintonce:problem:TOKEN_SOURCE_REJECTED'],
      [/the answers/, 'urn:mintonce:problem:TOKEN_RESPONSE_INVALID'],
      [/the answers/, 'urn:mintonce:problem:GATEWAY_UPSTREAM_UNREACHABLE'],
      [/the answers/, 'token_mint_count'],
      [/the answers/, '"lastErrorCode"'],
      [/\/logs\//, '"audit":"token issued"'],
      [/\/logs\//, '"audit":"purged"'],
      [/\/logs\//, '"msg":"request"'],
      [/\/logs\//, '"retries":1'],
      [/\/logs\//, '"context":"TokenService"'],
      [/dump\.pm2$/, 'GATEWAY_CONFIG'],
      [/the list of PM2/, 'GATEWAY_CONFIG'],
      [/the arguments and environment of/, existsSync('/proc') ? 'GATEWAY_CONFIG' : ''],
      ...(store === 'redis'
        ? ([
            [/the commands to Redis/, 'evalsha'],
            [/the dump of Redis/, 'mintonce:'],
          ] as [RegExp, string][])
        : ([[/tokens\.sqlite$/, 'SQLite format 3']] as [RegExp, string][])),
    ];

    const missing = expected.filter(([place, text]) => !placeOf(place).some(([, content]) => content.includes(text)));
    expect(missing).toEqual([]);
  });

  it('finds a line of JSON for each event in the log of PM2', () => {
    const [, log = ''] = placeOf(/\/logs\//).find(([, content]) => content.includes('"msg":"request"')) ?? [];
    const broken = log.split('\n').filter((line) => line !== '' && !line.startsWith('{"level":'));

    expect(broken).toEqual([]);
  });
});
