import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { startNode } from '@mintonce/test-support';
import { guardedGateway, type GuardedGateway } from '../test/guarded-gateway.js';

/** The command of the library, as it is built. */
const MAIN = join(dirname(createRequire(__filename).resolve('@mintonce/token-cache/package.json')), 'dist/cli/main.js');

describe('The command mintonce, at a gateway', () => {
  let gateway: GuardedGateway;
  let key: string;

  async function run(args: readonly string[], MINTONCE_KEY?: string): Promise<{ code: number | null; output: string }> {
    const node = await startNode(MAIN, { args, env: { MINTONCE_KEY } });
    const { code } = await node.exited;
    return { code, output: node.output() };
  }

  beforeAll(async () => {
    const made = await run(['key', '--json']);
    const { sha256, ...rest } = JSON.parse(made.output) as { key: string; sha256: string };
    ({ key } = rest);
    const operator = { id: 'operator', sha256, integrations: ['*'], purge: true };
    gateway = await guardedGateway({ access: { apiKeys: [operator] } });
  });
  afterAll(() => gateway?.stop());

  it('makes a key that opens its door', async () => {
    expect((await fetch(`${gateway.url}/proxy/billing/x`, { headers: { 'X-Api-Key': key } })).status).toBe(200);
  });

  it('shows its integrations, and purges one of them', async () => {
    await fetch(`${gateway.url}/proxy/billing/x`, { headers: { 'X-Api-Key': key } });
    const before = await run(['status', gateway.url], key);
    expect(before).toEqual({
      code: 0,
      output: expect.stringMatching(/^billing: valid, ends in \d+ s\ncrm: missing\n$/),
    });

    expect((await run(['purge', gateway.url, 'billing'], key)).code).toBe(0);

    const after = JSON.parse((await run(['status', gateway.url, '--json'], key)).output) as { state: string }[];
    expect(after.map(({ state }) => state)).toEqual(['missing', 'missing']);
  });

  it('exits with 1 and the code of the problem where it is not let in', async () => {
    const refused = await run(['purge', gateway.url, 'billing'], 'mintonce_wrong');
    expect(refused).toEqual({ code: 1, output: expect.stringContaining('401 GATEWAY_CALLER_UNKNOWN') });
    expect(refused.output).not.toContain('mintonce_wrong');
  });

  it('examines its metrics, for which a door may ask for a key', async () => {
    const args = ['doctor', '--metrics', `${gateway.url}/metrics`, '--seconds', '0'];
    expect((await run(args)).output).toContain('answered 401');
    expect(await run(args, key)).toEqual({ code: 0, output: expect.stringContaining('sharing of billing') });
  });
});
