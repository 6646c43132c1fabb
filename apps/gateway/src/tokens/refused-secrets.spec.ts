import { rmSync } from 'node:fs';
import { type IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { type TLSSocket } from 'node:tls';
import {
  type CertificateAuthority,
  certificateAuthority,
  type KeyPair,
  startRedis,
  waitFor,
} from '@mintonce/test-support';
import { type SeenRequest } from '../test/recording-upstream.js';
import { gatewayRig, type GatewayRig, type RunningGateway } from '../test/running-gateway.js';
import { tokenEndpoint, type TokenEndpoint } from '../test/token-endpoint.js';

type Section = Record<string, unknown>;

/** Only a changed secret ends such a cool-down within a test. */
const LONG = { policy: { cooldown: { rejectedMs: 3_600_000 } } };

describe('A client secret in a file', () => {
  let rig: GatewayRig;

  beforeEach(async () => {
    rig = await gatewayRig();
  });
  afterEach(() => rig.stop());

  it('that was refused and is replaced takes effect in a second, without a restart', async () => {
    rig.idp.secret = 'n3w';
    const gateway = await rig.start(LONG);
    expect(await gateway.call()).toBe(502);
    expect(await gateway.call()).toBe(502);
    expect(rig.idp.seen).toHaveLength(1);
    rig.file('secret', 'n3w\n');

    await waitFor(async () => (await gateway.call()) === 200);
    expect(rig.idp.seen).toHaveLength(2);
  });

  it('that is replaced once more in vain is watched again', async () => {
    rig.idp.secret = 'third';
    const gateway = await rig.start(LONG);
    await gateway.call();
    rig.file('secret', 'second\r\n');
    await waitFor(async () => (await gateway.call()) === 502 && rig.idp.seen.length === 2);
    rig.file('secret', '\ufeffthird');

    await waitFor(async () => (await gateway.call()) === 200);
    expect(rig.idp.seen).toHaveLength(3);
  });

  it.each([
    ['is gone', (rig: GatewayRig) => rmSync(rig.path('secret'))],
    ['is empty', (rig: GatewayRig) => void rig.file('secret', '')],
    ['got a line break', (rig: GatewayRig) => void rig.file('secret', 's3cret\n\n')],
  ])('that was refused and %s has not been replaced', async (_what, change) => {
    rig.idp.secret = 'n3w';
    const gateway = await rig.start(LONG);
    await gateway.call();
    change(rig);
    const looksAt = performance.now() + 2_500;
    await waitFor(async () => (await gateway.call()) === 502 && performance.now() > looksAt);
    expect(rig.idp.seen).toHaveLength(1);
    rig.file('secret', 'n3w');

    await waitFor(async () => (await gateway.call()) === 200);
  });

  it('that was refused in two gateways takes effect in both of them and in a third, with one token for all', async () => {
    const redis = await startRedis();
    try {
      rig.idp.secret = 'n3w';
      const gateways: RunningGateway[] = [];
      for (let i = 0; i < 3; i++) gateways.push(await rig.start(LONG, { REDIS_URL: redis.url }));
      for (const gateway of gateways) expect(await gateway.call()).toBe(502);
      // The second refusal binds the fleet.
      expect(rig.idp.seen).toHaveLength(2);
      rig.file('secret', 'n3w');
      // A purge of the second gateway may void the mint that the first one's purge allowed.
      await waitFor(async () => {
        const statuses = await Promise.all(gateways.map((gateway) => gateway.call()));
        const tokens = new Set(rig.upstream.seen.slice(-3).map(({ headers }) => headers.authorization));
        return statuses.every((status) => status === 200) && tokens.size === 1;
      });

      expect(rig.idp.seen.length).toBeLessThanOrEqual(4);
    } finally {
      await rig.stop();
      await redis.stop();
    }
  });

  it('costs no mint when it is rotated, and the next mint is made with the new one', async () => {
    rig.idp.secret = 's3cret';
    const gateway = await rig.start();
    await gateway.call();
    rig.file('secret', 'n3w');
    rig.idp.secret = 'n3w';
    expect(await gateway.call()).toBe(200);
    expect(rig.idp.seen).toHaveLength(1);
    await fetch(`${gateway.url}/api/integrations/billing/purge`, { method: 'POST' });

    expect(await gateway.call()).toBe(200);
    expect(rig.idp.seen).toHaveLength(2);
  });

  it('that is rotated while requests run fails none of them', async () => {
    rig.idp.secret = 'v0';
    rig.file('secret', 'v0');
    const gateway = await rig.start();
    const statuses = new Set<number>();
    let isOver = false;
    const callers = Array.from({ length: 4 }, async () => {
      while (!isOver) statuses.add(await gateway.call());
    });
    for (let version = 1; version <= 10; version++) {
      // A mint that is on its way with the old secret is refused.
      rig.idp.secret = `v${version}`;
      const purged = fetch(`${gateway.url}/api/integrations/billing/purge`, { method: 'POST' });
      rig.file('secret', `v${version}\n`);
      await purged;
      const known = rig.upstream.seen.length;
      await waitFor(() => rig.upstream.seen.length > known + 4);
    }
    isOver = true;
    await Promise.all(callers);

    expect([...statuses]).toEqual([200]);
  });
});

describe('Another file of the token section', () => {
  let rig: GatewayRig;
  let idp: TokenEndpoint | undefined;

  beforeEach(async () => {
    rig = await gatewayRig();
  });
  afterEach(async () => {
    await rig.stop();
    await idp?.close();
    idp = undefined;
  });

  const start = (token: Section, url = rig.idp.url, policy: object = LONG) =>
    rig.start({
      ...policy,
      integrations: {
        billing: {
          upstream: rig.upstream.url,
          token: { grant: 'client_credentials', tokenEndpoint: url, clientId: 'gateway', ...token },
        },
      },
    });

  it.each<[string, Section, (request: IncomingMessage, seen: SeenRequest) => unknown]>([
    ['a parameter', { parameters: { key: 'file:key' } }, (_, { body }) => form(body).get('key')],
    ['one of several', { parameters: { key: ['a', 'file:key'] } }, (_, { body }) => form(body).getAll('key')[1]],
    ['a header', { headers: { 'X-Key': 'file:key' } }, ({ headers }) => headers['x-key']],
  ])('that was refused and is replaced takes effect in a second: %s', async (_what, section, read) => {
    rig.file('key', 'old');
    rig.idp.takes = (...seen) => read(...seen) === 'n3w';
    const gateway = await start({ clientSecret: 's', allowInsecureRequests: true, ...section });
    expect([await gateway.call(), await gateway.call()]).toEqual([502, 502]);
    expect(rig.idp.seen).toHaveLength(1);
    rig.file('key', 'n3w\n');

    await waitFor(async () => (await gateway.call()) === 200);
    expect(rig.idp.seen).toHaveLength(2);
  });

  describe('that is a PEM of tls', () => {
    let authority: CertificateAuthority;
    let clients: readonly KeyPair[];

    beforeEach(async () => {
      authority = await certificateAuthority();
      clients = await Promise.all(['old', 'n3w'].map((name) => authority.issue(name)));
      const options = { ...(await authority.issue('idp.internal')), requestCert: true, rejectUnauthorized: false };
      idp = await tokenEndpoint((listener) => createServer(options, listener));
      idp.takes = ({ socket }) => (socket as TLSSocket).getPeerCertificate().subject?.CN === 'n3w';
      rig.file('ca.pem', authority.cert);
      present(clients[0]!);
    });

    function present({ cert, key }: KeyPair): void {
      rig.file('client.pem', cert);
      rig.file('client.key', key);
    }

    const section = {
      clientAuth: 'tls_client_auth',
      tls: { ca: 'file:ca.pem', cert: 'file:client.pem', key: 'file:client.key', serverName: 'idp.internal' },
    };

    it('takes effect in a second after its client was refused', async () => {
      const gateway = await start(section, idp!.url.replace('http:', 'https:'));
      expect([await gateway.call(), await gateway.call()]).toEqual([502, 502]);
      expect(idp!.seen).toHaveLength(1);
      present(clients[1]!);

      await waitFor(async () => (await gateway.call()) === 200);
      expect(idp!.seen).toHaveLength(2);
    });

    it('takes effect in a second after the provider was not trusted', async () => {
      present(clients[1]!);
      rig.file('ca.pem', (await certificateAuthority()).cert);
      const patient = { policy: { cooldown: { transientMs: 3_600_000, transientMaxMs: 3_600_000 } } };
      const gateway = await start(section, idp!.url.replace('http:', 'https:'), patient);
      expect([await gateway.call(), await gateway.call()]).toEqual([503, 503]);
      rig.file('ca.pem', authority.cert);

      await waitFor(async () => (await gateway.call()) === 200);
    });
  });
});

function form(body: Buffer): URLSearchParams {
  return new URLSearchParams(body.toString());
}
