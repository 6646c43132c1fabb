import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Inject, Injectable, Module, VersioningType } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { getToken, makeCounterProvider } from '@willsoto/nestjs-prometheus';
import { collectDefaultMetrics, Counter, Gauge, register } from 'prom-client';
import * as api from './index.js';
import { ClusterMetricsModule, type ClusterMetricsOptions, ClusterMetricsService } from './index.js';

const directory = mkdtempSync(join(tmpdir(), 'cm-mod-'));
const home = join(directory, `cluster-metrics-${process.getuid!()}`);
const apps: NestFastifyApplication[] = [];

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
  register.clear();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function start(...imports: Parameters<typeof Test.createTestingModule>[0]['imports'] & object) {
  const module = await Test.createTestingModule({ imports }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  apps.push(app);
  return app;
}

async function get(app: NestFastifyApplication, path = '/metrics') {
  const response = await fetch(`${await app.getUrl()}${path}`);
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
}

@Injectable()
class Orders {
  constructor(@Inject(getToken('orders_total')) private readonly orders: Counter) {}
  place(): void {
    this.orders.inc();
  }
}

@Module({ providers: [Orders, makeCounterProvider({ name: 'orders_total', help: 'Orders placed.' })] })
class OrdersModule {}

describe('ClusterMetricsModule', () => {
  it('exports the module and the service, and nothing else at run time', () => {
    expect(Object.keys(api)).toEqual(['ClusterMetricsModule', 'ClusterMetricsService']);
  });

  it('answers at /metrics in the classic text format, with all defaults', async () => {
    const app = await start(ClusterMetricsModule.forRoot({ directory }));
    const { status, type, body } = await get(app);
    expect(status).toBe(200);
    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).toContain('\ncluster_worker_up{worker="0"} 1\n');
    expect(body).toMatch(/\nprocess_cpu_seconds_total [\d.]+\n/);
    expect(body).toMatch(/\nprocess_start_time_seconds\{worker="0"\} \d+\n/);
  });

  it('reports metrics made by the providers of @willsoto/nestjs-prometheus', async () => {
    const app = await start(ClusterMetricsModule.forRoot({ directory }), OrdersModule);
    app.get(Orders).place();
    expect((await get(app)).body).toContain('\norders_total 1\n');
  });

  it('answers at the configured path, without the version prefix of the API', async () => {
    const module = await Test.createTestingModule({
      imports: [ClusterMetricsModule.forRoot({ directory, path: '/internal/metrics' })],
    }).compile();
    const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    await app.listen(0, '127.0.0.1');
    apps.push(app);
    expect((await get(app, '/internal/metrics')).status).toBe(200);
    expect((await get(app)).status).toBe(404);
  });

  it('takes its options from a factory', async () => {
    const useFactory = async (): Promise<ClusterMetricsOptions> => ({ directory, defaultMetrics: false });
    const app = await start(ClusterMetricsModule.forRootAsync({ useFactory, path: '/m' }));
    expect((await get(app, '/m')).body).not.toContain('process_');
  });

  it('does not collect the default metrics again if the application already does', async () => {
    collectDefaultMetrics();
    const app = await start(ClusterMetricsModule.forRoot({ directory }));
    expect((await get(app)).body).toContain('\nprocess_cpu_seconds_total ');
  });

  it('lists the running workers through ClusterMetricsService', async () => {
    const app = await start(ClusterMetricsModule.forRoot({ directory }));
    const workers = await app.get(ClusterMetricsService).workers();
    expect(workers).toEqual([{ slot: 0, pid: process.pid, startedAt: expect.any(Date), up: true }]);
  });

  it('provides ClusterMetricsService everywhere with isGlobal', async () => {
    @Injectable()
    class StatusPage {
      constructor(@Inject(ClusterMetricsService) readonly metrics: ClusterMetricsService) {}
    }
    @Module({ providers: [StatusPage] })
    class StatusModule {}
    const app = await start(ClusterMetricsModule.forRoot({ directory, isGlobal: true }), StatusModule);
    expect(await app.get(StatusPage).metrics.workers()).toHaveLength(1);
  });

  it('counts a metric once if two applications of one process share the registry', async () => {
    const counter = new Counter({ name: 'seen', help: 'h' });
    const [one, two] = [
      await start(ClusterMetricsModule.forRoot({ directory })),
      await start(ClusterMetricsModule.forRoot({ directory })),
    ];
    counter.inc();
    expect((await get(one)).body).toContain('\nseen 1\n');
    expect((await get(two)).body).toContain('\nseen 1\n');
  });

  it('removes its files when a single process closes the application', async () => {
    const app = await start(ClusterMetricsModule.forRoot({ directory }));
    expect(readdirSync(home)).toHaveLength(1);
    await app.close();
    expect(readdirSync(home)).toEqual([]);
  });

  it('reports a worker whose gauge hangs as not up, with its counters as last saved', async () => {
    const counter = new Counter({ name: 'seen', help: 'h' });
    new Gauge({ name: 'stuck', help: 'h', collect: () => new Promise<void>(() => undefined) });
    const app = await start(ClusterMetricsModule.forRoot({ directory, timeoutMs: 50, snapshotIntervalMs: 10 }));
    counter.inc();
    let body = '';
    while (!body.includes('\nseen 1\n')) {
      ({ body } = await get(app));
    }
    expect(body).toContain('\ncluster_worker_up{worker="0"} 0\n');
  });

  it('answers a scrape if nothing can be saved to disk', async () => {
    const counter = new Counter({ name: 'seen', help: 'h' });
    const app = await start(ClusterMetricsModule.forRoot({ directory, snapshotIntervalMs: 60_000 }));
    const [folder] = readdirSync(home) as [string];
    const snapshot = readdirSync(join(home, folder)).find((file) => file.endsWith('.json'))!;
    const blocker = join(home, folder, snapshot.replace('.json', '.tmp'));
    unlinkSync(join(home, folder, snapshot));
    mkdirSync(blocker);
    counter.inc();
    expect((await get(app)).body).toContain('\nseen 1\n');
    expect(existsSync(join(home, folder, snapshot))).toBe(false);
    rmSync(blocker, { recursive: true });
  });

  it.each<[string, object]>([
    ['timeoutMs', { timeoutMs: 0 }],
    ['timeoutMs', { timeoutMs: '500' }],
    ['snapshotIntervalMs', { snapshotIntervalMs: 2 ** 31 }],
    ['defaultMetrics', { defaultMetrics: 'yes' }],
    ['directory', { directory: '' }],
    ['application', { application: 5 }],
  ])('refuses to start with an invalid %s and names it: %j', async (option, options) => {
    await expect(start(ClusterMetricsModule.forRoot({ directory, ...options }))).rejects.toThrow(
      `ClusterMetricsModule: the option "${option}" must be`,
    );
  });

  it('refuses an empty path', () => {
    expect(() => ClusterMetricsModule.forRoot({ path: '' })).toThrow('the option "path" must be a route');
  });

  it('refuses to start if its sockets cannot be made in the directory', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    await expect(start(ClusterMetricsModule.forRoot({ directory: file }))).rejects.toThrow('ENOTDIR');
    const application = 'x'.repeat(100);
    await expect(start(ClusterMetricsModule.forRoot({ directory, application }))).rejects.toThrow('bytes at most');
  });

  it('refuses a scrape before the modules are initialised, and says when to call', async () => {
    const module = await Test.createTestingModule({ imports: [ClusterMetricsModule.forRoot({ directory })] }).compile();
    await expect(module.get(ClusterMetricsService).metrics()).rejects.toThrow('onApplicationBootstrap() or later');
  });
});
