import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import {
  canContain,
  CONTAINERS_NEED,
  ensurePrometheus,
  PROMETHEUS_IS_MISSING,
  RunningParts,
  temporaryDirectory,
  type TemporaryDirectory,
  waitFor,
} from '@mintonce/test-support';
import { COMPOSE_FOLDER, readCompose } from './compose.js';
import { type RunningService, startService, type Surroundings } from './compose-container.js';
import { imageOf } from './image.js';
import { MONITORING_FOLDER, readRules } from './monitoring.js';
import { type OutsideWorld, startOutsideWorld } from './outside-world.js';

const compose = readCompose();
const prometheus = ensurePrometheus();
const HEALTH_CHECK = imageOf('gateway').healthCheck;

if (!canContain()) {
  it.skip(`The services of compose.yaml are not started: ${CONTAINERS_NEED}`, () => {});
} else {
  describe('The services of compose.yaml, in containers of this machine', () => {
    let directory: TemporaryDirectory;
    let folder: string;
    let world: OutsideWorld;
    let surroundings: Surroundings;
    let services: RunningParts;

    beforeEach(async () => {
      directory = temporaryDirectory();
      folder = join(directory.path, 'docker');
      mkdirSync(folder);
      for (const name of readdirSync(COMPOSE_FOLDER)) {
        if (statSync(join(COMPOSE_FOLDER, name)).isFile() && name !== '.env')
          copyFileSync(join(COMPOSE_FOLDER, name), join(folder, name));
      }
      execFileSync(join(folder, 'make-secrets.sh'), { stdio: ['ignore', 'ignore', 'inherit'] });
      world = await startOutsideWorld(directory.path, {
        gateway: '172.28.0.2',
        redis: '172.28.0.3',
        prometheus: '172.28.0.4',
      });
      const variables = parseEnv(readFileSync(join(folder, '.env'), 'utf8')) as Record<string, string>;
      surroundings = { compose, folder, variables, world };
      services = new RunningParts();
    });
    afterEach(async () => {
      await services.stop();
      await world.stop();
      directory.remove();
    });

    const start = async (name: string) => services.add(await startService(name, surroundings));
    const isHealthy = async (service: RunningService, check: readonly string[]) =>
      (await service.exec(check)).code === 0;
    async function healthy(name: string, check: readonly string[] = HEALTH_CHECK): Promise<RunningService> {
      const service = await start(name);
      await waitFor(async () => !service.main.running || (await isHealthy(service, check)));
      if (!service.main.running) throw new Error(service.main.output());
      return service;
    }
    const fetching = (url: string) => [
      'node',
      '-e',
      `fetch('${url}').then(async (a) => console.log(a.status, await a.text()), (e) => console.log(e.cause.code))`,
    ];

    it('serve the application from another container, with Redis and one mint', async () => {
      const [, redisCheck = ''] = compose.services['redis']!.healthcheck!.test;
      await healthy('redis', ['sh', '-c', redisCheck.replaceAll('$$', '$')]);
      const gateway = await healthy('gateway');
      const application = await start('application');

      for (let count = 0; count < 6; count++) {
        const called = await application.exec(['node', 'call-gateway.mjs', '/invoices']);
        expect(called).toEqual({ code: 0, output: '200 {"invoices":[]}\n' });
      }
      expect(world.mints()).toBe(1);
      expect(new Set(world.requests()).size).toBe(1);
      expect(world.requests()[0]).toMatch(/^upstream \/api\/invoices Bearer [\w-]{36} undefined$/);

      const answers = await application.exec(fetching('http://gateway:9000/metrics'));
      expect(answers.output).toContain('token_mint_count{integration="billing",outcome="stored",reason="miss"');
      expect((await application.exec(fetching('http://gateway:9000/proxy/billing/x'))).output).toMatch(/^404 /);
      expect((await application.exec(fetching('http://gateway:3000/proxy/billing/x'))).output).toMatch(/^401 /);
      expect((await application.exec(['ls', '/run/secrets'])).output).toBe('application_key\n');

      expect(await gateway.main.stop()).toEqual({ code: 0, signal: null });
    });

    it('keep the token over a restart with SQLite, in a folder of its own', async () => {
      const gateway = await healthy('gateway-sqlite');
      const application = await start('application');
      const call = () => application.exec(['node', 'call-gateway.mjs', '/invoices']);
      expect((await call()).output).toBe('200 {"invoices":[]}\n');
      await gateway.main.stop();
      expect(await isHealthy(gateway, HEALTH_CHECK)).toBe(false);
      await gateway.stop();

      await healthy('gateway-sqlite');
      expect((await call()).output).toBe('200 {"invoices":[]}\n');
      expect(world.mints()).toBe(1);
      expect(readdirSync(join(folder, 'volumes/gateway-state'))).toContain('tokens.sqlite');
    });

    const itWithPrometheus = prometheus ? it : it.skip;
    if (!prometheus) it.skip(`have a Prometheus: ${PROMETHEUS_IS_MISSING}`, () => {});
    itWithPrometheus('have a Prometheus with the shipped rules, which sees both workers', async () => {
      const copies = join(directory.path, 'deploy/monitoring');
      mkdirSync(copies, { recursive: true });
      for (const name of ['prometheus.yaml', 'rules.yaml']) {
        writeFileSync(join(copies, name), readFileSync(join(MONITORING_FOLDER, name), 'utf8').replaceAll('15s', '1s'));
      }
      surroundings = { ...surroundings, programs: dirname(prometheus!.prometheus) };
      await healthy('gateway-sqlite');
      const [, ...check] = compose.services['prometheus']!.healthcheck!.test;
      await healthy('prometheus', check);
      const application = await start('application');
      const asks = async (target: string) =>
        (await application.exec(fetching(`http://prometheus:9090${target}`))).output;

      await waitFor(async () => /"value":\[[\d.]+,"1"\]/.test(await asks('/api/v1/query?query=up')));
      await waitFor(async () =>
        /"value":\[[\d.]+,"2"\]/.test(await asks('/api/v1/query?query=sum(cluster_worker_up)')),
      );
      const rules = await asks('/api/v1/rules?type=alert');
      for (const { alert } of readRules()) if (alert) expect(rules).toContain(`"name":"${alert}"`);
    });
  });
}
