import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { type TemporaryDirectory, temporaryDirectory } from '@mintonce/test-support';
import { parse } from 'yaml';
import { COMPOSE_FOLDER, networksOf, readCompose } from './compose.js';
import { dashboardFindings } from './dashboard-findings.js';
import { ROOT } from './fleet.js';
import { MONITORING_FOLDER, readDashboard } from './monitoring.js';

interface DataSources {
  readonly apiVersion: number;
  readonly datasources: readonly {
    readonly uid: string;
    readonly type: string;
    readonly url: string;
    readonly isDefault: boolean;
    readonly editable: boolean;
    readonly jsonData: { readonly timeInterval: string };
  }[];
}

interface Providers {
  readonly apiVersion: number;
  readonly providers: readonly {
    readonly type: string;
    readonly allowUiUpdates: boolean;
    readonly options: { readonly path: string };
  }[];
}

/** Where the image looks for what it is to show. */
const PROVISIONING = '/etc/grafana/provisioning';

const { services, networks } = readCompose();
const { grafana, prometheus } = services;
const SETTINGS = join(MONITORING_FOLDER, 'grafana/settings.env');
const settings = parseEnv(readFileSync(SETTINGS, 'utf8'));
const environment: Record<string, string | undefined> = { ...settings, ...grafana!.environment };
const mounts = grafana!.volumes!.map((volume) => volume.split(':'));
const fileMountedIn = (folder: string) => {
  const found = mounts.filter(([, target = '']) => dirname(target) === folder);
  expect(found).toHaveLength(1);
  return resolve(COMPOSE_FOLDER, found[0]![0]!);
};
/** As Grafana reads it, with variables of its environment in the place of their names. */
const provisioned = <Content>(file: string, variables: Record<string, string | undefined>) =>
  parse(readFileSync(file, 'utf8').replace(/\$\{(\w+)\}/g, (_, name: string) => variables[name] ?? '')) as Content;
const mounted = <Content>(folder: string) => provisioned<Content>(fileMountedIn(folder), environment);

describe('Grafana of compose.yaml', () => {
  const { apiVersion, datasources } = mounted<DataSources>(`${PROVISIONING}/datasources`);
  const [source] = datasources;
  const dashboard = readDashboard();

  it('has the settings of every Grafana that shows the dashboard alone', () => {
    expect(grafana!.env_file!.map((file) => resolve(COMPOSE_FOLDER, file))).toEqual([SETTINGS]);
    expect(Object.keys(grafana!.environment!).filter((name) => name.startsWith('GF_'))).toEqual([]);
  });

  it('is given files that it cannot change', () => {
    expect(mounts.map(([, , mode]) => mode)).toEqual(mounts.map(() => 'ro'));
  });

  it('asks the Prometheus beside it, on a network that leads nowhere else', () => {
    expect([apiVersion, datasources.length]).toEqual([1, 1]);
    const { protocol, hostname, port } = new URL(source!.url);
    expect(services[hostname]).toBe(prometheus);
    expect(prometheus!.healthcheck!.test.join(' ')).toContain(`${protocol}//127.0.0.1:${port}`);
    const shared = networksOf(grafana!).filter((name) => networksOf(prometheus!).includes(name));
    expect(shared.map((name) => [name, networks[name]])).toEqual([['watchers', { internal: true }]]);
    expect(grafana!.depends_on).toEqual({ prometheus: { condition: 'service_healthy' } });
  });

  it('takes rates over several scrapes of that Prometheus', () => {
    const { global } = parse(readFileSync(join(MONITORING_FOLDER, 'prometheus.yaml'), 'utf8')) as {
      global: { scrape_interval: string };
    };
    expect(source!.jsonData.timeInterval).toBe(global.scrape_interval);
  });

  it('has the one data source that the dashboard can choose, and every query of the dashboard asks it', () => {
    const variable = dashboard.templating.list.find(({ name }) => name === 'datasource');
    expect(variable).toMatchObject({ type: 'datasource', query: source!.type });
    expect(variable!.current).toEqual({ text: 'default', value: 'default' });
    expect(source).toMatchObject({ isDefault: true, editable: false });
    const asked: unknown[] = [];
    JSON.stringify(dashboard, (key, value: unknown) => (key === 'datasource' && asked.push(value), value));
    expect(asked.length).toBeGreaterThan(dashboard.panels.length);
    expect(asked).toEqual(asked.map(() => ({ type: source!.type, uid: '${datasource}' })));
  });

  it('shows the dashboard of deploy/monitoring where the pages say, and lets nobody change it', () => {
    const { apiVersion, providers } = mounted<Providers>(`${PROVISIONING}/dashboards`);
    expect([apiVersion, providers.length]).toEqual([1, 1]);
    expect(providers[0]).toMatchObject({ type: 'file', allowUiUpdates: false });
    expect(fileMountedIn(providers[0]!.options.path)).toBe(join(MONITORING_FOLDER, 'dashboard.json'));
    const url = `http://${environment['GF_SERVER_DOMAIN']}:${environment['GF_SERVER_HTTP_PORT']}/d/${dashboard.uid}`;
    for (const page of ['docker/compose.yaml', 'docs/metrics.md', 'docs/deployment.md']) {
      expect(readFileSync(join(ROOT, page), 'utf8')).toContain(url);
    }
  });

  it('is looked at without a login, and has neither an administrator nor a password', () => {
    expect(environment).toMatchObject({
      GF_AUTH_ANONYMOUS_ENABLED: 'true',
      GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
      GF_AUTH_BASIC_ENABLED: 'false',
      GF_AUTH_DISABLE_LOGIN_FORM: 'true',
      GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: 'true',
    });
    expect(JSON.stringify(grafana)).not.toMatch(/password/i);
    expect(grafana!.secrets).toBeUndefined();
  });

  it('answers to its own name alone, by the port that is published and that its health check asks', () => {
    const port = environment['GF_SERVER_HTTP_PORT'];
    expect(environment).toMatchObject({ GF_SERVER_DOMAIN: 'localhost', GF_SERVER_ENFORCE_DOMAIN: 'true' });
    expect(grafana!.ports).toEqual([`127.0.0.1:${port}:${port}`]);
    expect(grafana!.healthcheck!.test).toContain(`http://127.0.0.1:${port}/api/health`);
  });

  it('is published by a network of its own that lets nothing out', () => {
    const others = Object.values(services).filter((service) => service !== grafana);
    expect(others.filter((service) => networksOf(service).includes('browser'))).toEqual([]);
    expect(networks['browser']).toEqual({
      driver_opts: { 'com.docker.network.bridge.enable_ip_masquerade': 'false' },
    });
    expect(networksOf(grafana!)).toEqual(['watchers', 'browser']);
  });

  it('keeps what it writes in memory, as its user', () => {
    const [uid, gid] = grafana!.user!.split(':');
    expect(grafana!.tmpfs).toContain(`/var/lib/grafana:uid=${uid},gid=${gid},mode=0700`);
  });
});

describe('The dashboard for Grafana', () => {
  it('has every field that Grafana needs, and none that it does not know', () => {
    expect(dashboardFindings(readDashboard())).toEqual([]);
  });

  it.each([
    ['a misspelt option of a panel', '"colorMode"', '"colourMode"'],
    ['a word that is none', '"showPoints":"never"', '"showPoints":"no"'],
    ['a query without its expression', '"expr":"sum', '"exp":"sum'],
    ['no version of its schema', '"schemaVersion"', '"schemaversion"'],
  ])('would be refused with %s', (_, right, wrong) => {
    const broken = JSON.stringify(readDashboard()).replace(right, wrong);
    expect(broken).toContain(wrong);
    expect(dashboardFindings(JSON.parse(broken) as object)).not.toEqual([]);
  });

  it('is held to the types of the Grafana in compose.yaml', () => {
    const { version } = createRequire(__filename)('@grafana/schema/package.json') as { version: string };
    expect(grafana!.image).toContain(`grafana:${version}@`);
  });
});

describe('deploy/monitoring/grafana/start.sh', () => {
  const script = join(MONITORING_FOLDER, 'grafana/start.sh');
  let folder: TemporaryDirectory;
  beforeAll(() => (folder = temporaryDirectory()));
  afterAll(() => folder.remove());

  /** What it hands to the program, which here prints it. */
  function started(...args: string[]) {
    const home = join(folder.path, 'home');
    mkdirSync(join(home, 'bin'), { recursive: true });
    writeFileSync(join(home, 'bin/grafana'), '#!/bin/sh\necho "ARGUMENTS=$*"\nenv\n', { mode: 0o755 });
    const env = { PATH: process.env['PATH'], GRAFANA_HOME: home };
    const { status, stdout, stderr } = spawnSync(script, args, { cwd: folder.path, env, encoding: 'utf8' });
    return { home, status, stderr, given: parseEnv(stdout) };
  }

  it('starts the server of the installation, with the settings of compose.yaml and for this machine alone', () => {
    const { home, status, given } = started('state');
    expect(status).toBe(0);
    expect(given['ARGUMENTS']).toBe(`server --homepath ${home}`);
    expect(given).toMatchObject({ ...settings, GF_SERVER_HTTP_ADDR: '127.0.0.1' });
  });

  it('keeps what Grafana writes in the folder that is named', () => {
    const { given } = started('state');
    const state = join(folder.path, 'state');
    expect(given).toMatchObject({
      GF_PATHS_DATA: state,
      GF_PATHS_LOGS: `${state}/logs`,
      GF_PATHS_PLUGINS: `${state}/plugins`,
    });
  });

  it.each([
    ['the Prometheus of this machine', [], 'http://127.0.0.1:9090'],
    ['the one that is named', ['http://prometheus.example:9090'], 'http://prometheus.example:9090'],
  ])('gives it %s, and the dashboard alone', (_, prometheus, url) => {
    const { given } = started('state', ...prometheus);
    const of = <Content>(kind: string) =>
      provisioned<Content>(join(given['GF_PATHS_PROVISIONING']!, kind, 'mintonce.yaml'), given);
    expect(of<DataSources>('datasources').datasources.map((source) => source.url)).toEqual([url]);
    const [provider] = of<Providers>('dashboards').providers;
    const files = readdirSync(provider!.options.path, { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => file.endsWith('.json'))).toEqual(['dashboard.json']);
  });

  it('says where it looked for Grafana and what to do', () => {
    const env = { PATH: process.env['PATH'], GRAFANA_HOME: '/nowhere' };
    const { status, stderr } = spawnSync(script, ['state'], { cwd: folder.path, env, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toBe(
      'There is no Grafana in /nowhere. Install it, or set GRAFANA_HOME to the folder that it is in.\n',
    );
  });
});
