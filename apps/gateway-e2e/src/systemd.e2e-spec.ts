import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  canContain,
  type Container,
  CONTAINERS_NEED,
  startContainer,
  temporaryDirectory,
  type TemporaryDirectory,
  waitFor,
} from '@mintonce/test-support';
import { ROOT } from './fleet.js';

const UNIT = join(ROOT, 'deploy/systemd/mintonce-gateway.service');
const HAS_SYSTEMD = spawnSync('systemd-analyze', ['--version']).status === 0;
const CREDENTIALS = '/run/credentials/mintonce-gateway.service';
const settings = readFileSync(UNIT, 'utf8')
  .split('\n')
  .flatMap((line) => /^(\w+)=(.*)$/.exec(line)?.slice(1) ?? [])
  .reduce<[string, string][]>(
    (pairs, word, index, all) => (index % 2 ? pairs : [...pairs, [word, all[index + 1]!]]),
    [],
  );
const valuesOf = (name: string) => settings.filter(([key]) => key === name).map(([, value]) => value);

if (!canContain()) {
  it.skip(`The unit of systemd is not tested: ${CONTAINERS_NEED}`, () => {});
} else {
  describe('deploy/systemd/mintonce-gateway.service', () => {
    let directory: TemporaryDirectory;
    let machine: Container;

    beforeEach(async () => {
      directory = temporaryDirectory();
      const at = (name: string) => join(directory.path, name);
      mkdirSync(at('credentials'));
      const token = { grant: 'client_credentials', issuer: 'https://idp.example', clientId: 'gateway' };
      const clientSecret = 'file:${CREDENTIALS_DIRECTORY}/billing_client_secret';
      const integrations = { billing: { upstream: 'https://billing.example', token: { ...token, clientSecret } } };
      writeFileSync(at('gateway.yaml'), JSON.stringify({ integrations }));
      writeFileSync(at('credentials/billing_client_secret'), 's3cret\n');
      writeFileSync(at('wrong.service'), readFileSync(UNIT, 'utf8').replace('MemoryMax=', 'MemoryMost='));
      machine = await startContainer({
        mounts: {
          [valuesOf('WorkingDirectory')[0]!]: ROOT,
          '/usr/bin/node': process.execPath,
          '/etc/mintonce/gateway.yaml': at('gateway.yaml'),
          [CREDENTIALS]: at('credentials'),
          '/etc/systemd/system/mintonce-gateway.service': UNIT,
          '/etc/systemd/system/wrong.service': at('wrong.service'),
        },
        tmpfs: ['/var/lib/mintonce', '/tmp'],
        isReadOnly: true,
        cwd: valuesOf('WorkingDirectory')[0],
        user: '65534:65534',
      });
    });
    afterEach(async () => {
      await machine.stop();
      directory.remove();
    });

    async function verify(unit: string): Promise<{ code: number | null; output: string }> {
      const program = await machine.run(['systemd-analyze', 'verify', `/etc/systemd/system/${unit}`]);
      const { code } = await program.exited;
      return { code, output: program.output() };
    }

    (HAS_SYSTEMD ? it : it.skip)('is one that systemd takes as it is (needs systemd-analyze)', async () => {
      expect(await verify('mintonce-gateway.service')).toEqual({ code: 0, output: '' });
      expect((await verify('wrong.service')).output).toContain("Unknown key 'MemoryMost'");
    });

    it('starts the gateway as a user without privileges, who reloads it and stops it in time', async () => {
      const environment = valuesOf('Environment').map((pair) => pair.replace('%S', '/var/lib').split('='));
      const env = { ...(Object.fromEntries(environment) as NodeJS.ProcessEnv), CREDENTIALS_DIRECTORY: CREDENTIALS };
      const gateway = await machine.run(valuesOf('ExecStart')[0]!.split(' '), env);
      const isLive = async () => {
        const url = 'http://127.0.0.1:3000/health/live';
        const ask = await machine.run(['node', '-e', `fetch('${url}').then((a) => process.exit(a.ok ? 0 : 1))`]);
        return (await ask.exited).code === 0;
      };
      await waitFor(async () => !gateway.running || (await isLive()));
      expect(valuesOf('ExecReload')).toEqual(['/usr/bin/kill -HUP $MAINPID']);
      expect(valuesOf('RestartForceExitStatus')).toEqual(['SIGHUP']);
      gateway.signal('SIGHUP');
      await gateway.waitForOutput(/The changed configuration is in use/);
      expect(await gateway.stop()).toEqual({ code: 0, signal: null });
      expect(Number(valuesOf('TimeoutStopSec')[0])).toBeGreaterThan(16);
    });
  });
}
