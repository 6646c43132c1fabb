import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './fleet.js';

jest.setTimeout(300_000);

const TOUCHED = [
  'CHANGELOG.md',
  'package-lock.json',
  'libs/token-cache/package.json',
  'libs/cluster-metrics/package.json',
];
const contents = () => TOUCHED.map((path) => readFileSync(join(ROOT, path), 'utf8'));

/** What `npm run release` prints without a change of the workspace, with that remote. */
async function dryRun(version: string, remote = ''): Promise<string> {
  const args = [join(ROOT, 'tools/release.mjs'), version, '--dry-run'];
  const config = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'remote.origin.url', GIT_CONFIG_VALUE_0: remote };
  const env = { ...process.env, NX_DAEMON: 'false', FORCE_COLOR: '0', ...config };
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env, maxBuffer: 10 ** 8 });
  return stdout;
}

describe('npm run release --dry-run', () => {
  it('gives one version to all packages and to the changes that are unreleased, and changes nothing', async () => {
    const before = contents();
    const output = await dryRun('99.0.0', 'git@host.example:acme/mintonce.git');
    for (const folder of ['libs/token-cache', 'libs/cluster-metrics', 'apps/gateway']) {
      expect(output).toContain(`New version 99.0.0 written to manifest: ${folder}/package.json`);
    }
    expect(output).toMatch(/^## \[99\.0\.0\] - \d{4}-\d\d-\d\d\n\n### /m);
    expect(output).not.toContain('Nothing is released yet');
    expect(output).toContain('"url": "git+https://host.example/acme/mintonce.git"');
    expect(contents()).toEqual(before);
  });

  it.each(['https://host.example/acme/mintonce', 'ssh://git@host.example/acme/mintonce.git'])(
    'fills in the fields that follow from the remote %s',
    async (remote) => {
      const output = await dryRun('99.0.0', remote);
      expect(output).toContain('"url": "git+https://host.example/acme/mintonce.git"');
      expect(output).toContain('"directory": "libs/cluster-metrics"');
      expect(output).toContain('"url": "https://host.example/acme/mintonce/issues"');
    },
  );

  it('leaves them out where there is no remote', async () => {
    expect(await dryRun('99.0.0')).toContain('There is no remote "origin"');
  });

  it.each([
    ['a version that is none', 'next', 'Give the version'],
    ['nothing', '', 'Give the version'],
  ])('refuses %s', async (_what, version, message) => {
    await expect(dryRun(version)).rejects.toMatchObject({ stderr: expect.stringContaining(message) });
  });
});
