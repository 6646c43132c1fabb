import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ensurePrometheus,
  freePort,
  type NodeProcess,
  type Prometheus,
  PROMETHEUS_IS_MISSING,
  startNode,
  startPrometheus,
  type TemporaryDirectory,
  temporaryDirectory,
  waitFor,
} from '@mintonce/test-support';
import { stringify } from 'yaml';
import { type Fleet, ROOT, startFleet } from './fleet.js';
import { scrape, total } from './metrics.js';
import { asSent, metricsIn, MONITORING_FOLDER, type Panel, readDashboard, readRules } from './monitoring.js';

const rules = readRules();
const alerts = rules.flatMap(({ alert, annotations }) => (alert ? [{ alert, ...annotations! }] : []));
const dashboard = readDashboard();
const panels = dashboard.panels.filter(({ type }) => type !== 'row');
const queries = panels.flatMap(({ title, targets }) => targets!.map(({ expr }) => ({ title, expr })));
const programs = ensurePrometheus();

/** Names that the library promises, and that Prometheus would spell otherwise. */
const PROMISED = ['token_cache_hits', 'token_cache_misses', 'token_mint_count'];

describe('The dashboard', () => {
  it('can be read by Grafana: one id for each panel, on a grid of 24 columns, none over another', () => {
    const { panels: all } = dashboard;
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    const overlap = ({ gridPos: a }: Panel, { gridPos: b }: Panel) =>
      a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
    for (const [index, panel] of all.entries()) {
      expect(panel.gridPos.x + panel.gridPos.w).toBeLessThanOrEqual(24);
      expect(all.slice(index + 1).filter((other) => overlap(panel, other))).toEqual([]);
    }
  });

  it.each(panels)('says what is seen and in which unit: $title', ({ description, fieldConfig, targets }) => {
    expect(description).toMatch(/\.$/);
    expect(fieldConfig!.defaults.unit).toBeDefined();
    expect(targets).not.toEqual([]);
  });

  it('uses only variables that it has', () => {
    const known = dashboard.templating.list.map(({ name }) => name);
    const used = [...JSON.stringify(dashboard).matchAll(/\$\{?([a-z]+)\}?/g)].map(([, name]) => name);
    expect(known).toEqual(expect.arrayContaining([...new Set(used)]));
  });
});

describe('Each alert', () => {
  const page = readFileSync(join(ROOT, 'docs/alerts.md'), 'utf8');

  it.each(alerts)('$alert leads to its section of the page', ({ alert, runbook_url }) => {
    expect(runbook_url).toBe(`docs/alerts.md#${alert.toLowerCase()}`);
    expect(page.split('\n')).toContain(`## ${alert}`);
  });

  it('of the page is one that there is', () => {
    const sections = [...page.matchAll(/^## ((?:Token|Gateway)\w+)$/gm)].map(([, name]) => name);
    expect(sections).toEqual(alerts.map(({ alert }) => alert));
  });
});

if (!programs) {
  it.skip(`Prometheus is not asked: ${PROMETHEUS_IS_MISSING}`, () => {});
} else {
  // Each test of the rules is a database, and a disk takes its time for all of them.
  const env = existsSync('/dev/shm') ? { TMPDIR: '/dev/shm' } : {};
  const promtool = (args: string[], input?: string) => {
    const options = { input, env, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync(programs.promtool, args, options);
    return { status, output: stdout + stderr };
  };

  describe('The rules, by promtool', () => {
    let directory: TemporaryDirectory;
    beforeEach(() => (directory = temporaryDirectory()));
    afterEach(() => directory.remove());

    it('are rules, and the configuration that names them is one', () => {
      expect(promtool(['check', 'config', join(MONITORING_FOLDER, 'prometheus.yaml')])).toMatchObject({ status: 0 });
    });

    it('fire when they must and only then', () => {
      expect(promtool(['test', 'rules', join(MONITORING_FOLDER, 'rules.test.yaml')])).toMatchObject({ status: 0 });
    });

    it('have a test of each alert, which fails if the alert is gone', () => {
      const all = readFileSync(join(MONITORING_FOLDER, 'rules.yaml'), 'utf8');
      writeFileSync(join(directory.path, 'rules.yaml'), all.replace(/alert: /g, 'alert: Gone'));
      const tests = join(directory.path, 'rules.test.yaml');
      copyFileSync(join(MONITORING_FOLDER, 'rules.test.yaml'), tests);
      const { status, output } = promtool(['test', 'rules', tests]);
      expect(status).toBe(1);
      for (const { alert } of alerts) expect(output).toContain(`alertname: ${alert}`);
    });
  });

  describe('A Prometheus that scrapes the gateway', () => {
    const key = (id: string) => ({ encryption: { keys: [{ id, key: randomBytes(32).toString('base64') }] } });
    let directory: TemporaryDirectory;
    let fleet: Fleet;
    let prometheus: Prometheus;
    let otherPort: number;
    let other: NodeProcess;

    beforeAll(async () => {
      directory = temporaryDirectory();
      fleet = await startFleet({ store: 'redis', workers: 2, file: key('k1') });
      otherPort = await freePort();
      other = await startOther();
      prometheus = await startPrometheus({ programs, config: configuration() });
    });
    afterAll(async () => {
      await prometheus?.stop();
      await other?.stop();
      await fleet?.stop();
      directory.remove();
    });

    /** The configuration that is shipped, for the gateways of this test and in seconds. */
    function configuration(): string {
      const shipped = readFileSync(join(MONITORING_FOLDER, 'prometheus.yaml'), 'utf8');
      const targets = [new URL(fleet.url).host, `127.0.0.1:${otherPort}`];
      const config = join(directory.path, 'prometheus.yaml');
      const changed = shipped
        .replaceAll('15s', '1s')
        .replace("['gateway:9000']", JSON.stringify(targets))
        .replace('[rules.yaml]', JSON.stringify([join(MONITORING_FOLDER, 'rules.yaml')]));
      writeFileSync(config, changed);
      return config;
    }
    /** A gateway of another machine, with the same Redis and another key of `encryption`. */
    async function startOther(): Promise<NodeProcess> {
      const client = { clientId: 'demo', clientSecret: 'end-to-end-secret', scope: ['api:read'] };
      const token = { grant: 'client_credentials', issuer: fleet.idp.issuer, ...client, allowInsecureRequests: true };
      const integrations = { demo: { upstream: new URL(fleet.upstream.url).origin, token } };
      const GATEWAY_CONFIG = join(directory.path, 'other.yaml');
      writeFileSync(GATEWAY_CONFIG, stringify({ integrations, ...key('k2') }));
      const env = { GATEWAY_CONFIG, HOST: undefined, PORT: String(otherPort), REDIS_URL: fleet.redis!.url };
      const started = await startNode(join(ROOT, 'apps/gateway/dist/main.js'), { env });
      await waitFor(async () => (await fetch(`http://127.0.0.1:${otherPort}/health/live`)).ok);
      return started;
    }
    const exposition = async () => (await fetch(`${fleet.url}/metrics`)).text();
    const call = async (url: string) => (await fetch(`${url}/proxy/demo/echo`)).status;
    /** A purge makes the next call mint: a rate is known from the second mint on. */
    async function mintAgain(): Promise<void> {
      expect((await fetch(`${fleet.url}/api/integrations/demo/purge`, { method: 'POST' })).status).toBe(204);
      expect(await call(fleet.url)).toBe(200);
    }

    it('finds nothing to say about the metrics but for the three names that are promised', async () => {
      const { output } = promtool(['check', 'metrics'], await exposition());
      const ours = output.split('\n').filter((line) => /^(token|gateway|cluster)_/.test(line));
      expect([...new Set(ours.map((line) => line.split(' ')[0]))].sort()).toEqual(PROMISED);
    });

    it('finds each metric that a rule or the dashboard names', async () => {
      const families = [...(await exposition()).matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name);
      const known = new Set([...families, ...rules.map(({ record }) => record), 'up']);
      const named = [...rules.map(({ expr }) => expr), ...queries.map(({ expr }) => asSent(expr))].flatMap(metricsIn);
      expect(named.length).toBeGreaterThan(queries.length);
      const bare = (name: string) => (known.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ''));
      expect(named.filter((name) => !known.has(bare(name)))).toEqual([]);
    });

    it('has data for each query of the dashboard', async () => {
      expect(await call(fleet.url)).toBe(200);
      for (const { title, expr } of queries) {
        await waitFor(
          async () => {
            await mintAgain();
            const samples = await prometheus.query(asSent(expr));
            // An operation that was seen once has no rate yet.
            return samples.some(({ value }) => value[1] !== 'NaN');
          },
          { description: `data for “${title}”: ${expr}`, intervalMs: 500 },
        );
      }
    });

    it('has no alert while all is well, and one as soon as a gateway cannot read the tokens of the others', async () => {
      const firing = async () => (await prometheus.alerts()).filter(({ state }) => state === 'firing');
      expect(await firing()).toEqual([]);
      const gateway = `http://127.0.0.1:${otherPort}`;
      // A worker that has not heard of a purge yet answers with its token in hand, and leaves none that could not be read.
      await waitFor(async () => {
        await mintAgain();
        expect(await call(gateway)).toBe(200);
        return total(await scrape(gateway), 'token_payload_undecryptable_total') > 0;
      });

      const [alert] = await waitFor(async () => ((await firing()).length > 0 ? firing() : undefined));
      expect(alert).toMatchObject({
        labels: { alertname: 'TokenPayloadUndecryptable', integration: 'demo', severity: 'critical' },
        annotations: { runbook_url: 'docs/alerts.md#tokenpayloadundecryptable' },
      });
    });
  });
}
