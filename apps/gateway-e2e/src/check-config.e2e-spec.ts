import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startNode, temporaryDirectory, type TemporaryDirectory } from '@mintonce/test-support';
import { ROOT } from './fleet.js';

const VALID = `
integrations:
  billing:
    upstream: https://billing.example
    token: { grant: client_credentials, issuer: https://idp.example, clientId: a, clientSecret: s3cret }
`;

describe('main.js check-config', () => {
  let directory: TemporaryDirectory;

  beforeEach(() => (directory = temporaryDirectory()));
  afterEach(() => directory.remove());

  async function check(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const process = await startNode(join(ROOT, 'apps/gateway/dist/main.js'), {
      args: ['check-config', ...args],
      cwd: directory.path,
      env: { GATEWAY_CONFIG: undefined, REDIS_URL: undefined, ...env },
    });
    const { code } = await process.exited;
    return { code, output: process.output() };
  }

  it.each([
    ['that it is given', ['gateway.yaml'], {}],
    ['of GATEWAY_CONFIG', [], { GATEWAY_CONFIG: 'gateway.yaml' }],
  ])('ends with 0 for a valid file %s, and says what it would do', async (_which, args, env) => {
    writeFileSync(join(directory.path, 'gateway.yaml'), VALID);

    const { code, output } = await check(args, env);
    expect(output).toMatch(/valid\. Integrations: billing\. Tokens are shared in SQLite \(.*\), not encrypted/);
    expect(code).toBe(0);
    expect(output).not.toContain('s3cret');
  });

  it('ends with 1 for an invalid file, and names the field and its line', async () => {
    writeFileSync(join(directory.path, 'gateway.yaml'), `${VALID}redis: { host: a, port: s3cret }\n`);

    expect(await check(['gateway.yaml'])).toEqual({
      code: 1,
      output: 'gateway.yaml:6: redis.port: must be a number from 1 to 65535\n',
    });
  });

  it.each([
    ['no file', [], /^GATEWAY_CONFIG: is not set/],
    [
      'a file that is not there',
      ['nowhere.yaml'],
      /^GATEWAY_CONFIG: names .*nowhere.yaml, which cannot be read \(ENOENT\)/,
    ],
    ['a directory', ['.'], /^GATEWAY_CONFIG: names .*, which is not a regular file/],
    ['a file without an end', ['/dev/zero'], /^GATEWAY_CONFIG: names .*, which is not a regular file/],
  ])('ends with 1 for %s', async (_what, args, message) => {
    const { code, output } = await check(args);

    expect(output).toMatch(message);
    expect(code).toBe(1);
  });
});
