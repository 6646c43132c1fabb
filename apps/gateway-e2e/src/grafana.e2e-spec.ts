import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { COMPOSE_FOLDER, networksOf, readCompose } from './compose.js';
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
const environment = grafana!.environment!;
const mounts = grafana!.volumes!.map((volume) => volume.split(':'));
const fileMountedIn = (folder: string) => {
  const found = mounts.filter(([, target = '']) => dirname(target) === folder);
  expect(found).toHaveLength(1);
  return resolve(COMPOSE_FOLDER, found[0]![0]!);
};
const mounted = <Content>(folder: string) => parse(readFileSync(fileMountedIn(folder), 'utf8')) as Content;

describe('Grafana of compose.yaml', () => {
  const { apiVersion, datasources } = mounted<DataSources>(`${PROVISIONING}/datasources`);
  const [source] = datasources;
  const dashboard = readDashboard();

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
