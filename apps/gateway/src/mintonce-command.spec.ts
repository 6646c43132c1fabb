import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { startNode } from '@mintonce/test-support';
import { makeKey } from './access/make-key.js';
import { guardedGateway, type GuardedGateway, sha256 } from './test/guarded-gateway.js';

/** The command as the package has it. */
const MAIN = join(dirname(createRequire(__filename).resolve('@mintonce/token-cache/package.json')), 'dist/cli/main.js');
const OPERATOR = makeKey();
const SHOP = makeKey();
const ACCESS = {
  apiKeys: [
    { id: 'operator', sha256: OPERATOR.sha256, integrations: ['*'], purge: true, token: true },
    { id: 'shop', sha256: SHOP.sha256, integrations: ['billing'] },
  ],
};

describe('mintonce, the command, at a gateway', () => {
  let gateway: GuardedGateway;

  beforeEach(async () => (gateway = await guardedGateway({ access: ACCESS })));
  afterEach(() => gateway.stop());

  async function mintonce(command: string, args: readonly string[] = [], key = OPERATOR.key) {
    const node = await startNode(MAIN, { args: [command, gateway.url, ...args], env: { MINTONCE_KEY: key } });
    const { code } = await node.exited;
    return { code, output: node.output().trim() };
  }

  it('says in a dry run what the next caller would be given, and mints nothing', async () => {
    const before = await mintonce('get', ['billing', '--dry-run', '--json']);
    expect([before.code, JSON.parse(before.output)]).toEqual([
      0,
      expect.objectContaining({ name: 'billing', next: 'mint' }),
    ]);
    expect(gateway.idp.seen).toHaveLength(0);

    const token = await mintonce('get', ['billing']);
    expect(token).toEqual({ code: 0, output: expect.stringMatching(/^\S+$/) });
    const after = await mintonce('get', ['billing', '--dry-run']);
    expect(after).toEqual({
      code: 0,
      output: expect.stringMatching(/^billing: the token that is there, which ends in \d+ s$/),
    });
    expect(gateway.idp.seen).toHaveLength(1);
  });

  it('says in a dry run which error the next caller would hear, and exits with 1', async () => {
    gateway.idp.secret = 'another';
    expect((await mintonce('get', ['billing'])).code).toBe(1);
    const { length } = gateway.idp.seen;
    const { code, output } = await mintonce('get', ['billing', '--dry-run']);
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/^billing: TOKEN_SOURCE_REJECTED: the provider is asked again in \d+ s$/),
    ]);
    expect(gateway.idp.seen).toHaveLength(length);
  });

  it('lists what the caller may use, and gives no token and no purge to one who was granted neither', async () => {
    expect(JSON.parse((await mintonce('status', ['--json'], SHOP.key)).output)).toMatchObject([{ name: 'billing' }]);
    for (const [command, name] of [
      ['get', 'billing'],
      ['purge', 'billing'],
    ] as const) {
      const { code, output } = await mintonce(command, [name], SHOP.key);
      expect([code, output]).toEqual([1, expect.stringContaining('403 GATEWAY_CALLER_FORBIDDEN')]);
    }
    const unknown = await mintonce('get', ['crm', '--dry-run'], SHOP.key);
    expect([unknown.code, unknown.output]).toEqual([
      1,
      expect.stringContaining('has no integration crm for this caller'),
    ]);
  });

  it('purges, so that the next caller mints', async () => {
    await mintonce('get', ['billing']);
    expect(await mintonce('purge', ['billing', '--json'])).toEqual({ code: 0, output: '{"purged":"billing"}' });
    expect((await mintonce('get', ['billing', '--dry-run'])).output).toContain('the next caller mints');
  });

  it('makes a key with the hash that a gateway knows it by', async () => {
    const made = JSON.parse((await mintonce('key', ['--json'])).output) as { key: string; sha256: string };
    expect(made.sha256).toBe(sha256(made.key));
  });
});
