import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type NodeProcess, startProgram } from './node-process.js';
import { onFreePort } from './on-free-port.js';
import { onPath } from './redis-server-bin.js';
import { startTogether } from './start-together.js';
import { temporaryDirectory } from './temporary-directory.js';
import { waitFor } from './wait-for.js';

export const PROMETHEUS_IS_MISSING =
  'there is no prometheus with promtool on the PATH, and apt could not download it (Debian, Ubuntu: sudo apt-get install prometheus)';

/** Kept between runs, out of the repository. */
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/mintonce', import.meta.url));

/** The programs `prometheus` and `promtool`. */
export interface PrometheusPrograms {
  readonly prometheus: string;
  readonly promtool: string;
}

export interface PrometheusOptions {
  programs: PrometheusPrograms;
  /** Path of its configuration. */
  config: string;
}

/** A Prometheus of one's own. */
export interface Prometheus {
  readonly url: string;
  /** What its API answers to a query of this instant. */
  query(expression: string): Promise<PrometheusSample[]>;
  /** The alerts that are pending or firing. */
  alerts(): Promise<PrometheusAlert[]>;
  stop(): Promise<void>;
}

export interface PrometheusSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

export interface PrometheusAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

/** Those on the PATH, else those of Debian's package, which is unpacked and not installed; undefined where it cannot be had. */
export function ensurePrometheus(env: NodeJS.ProcessEnv = process.env): PrometheusPrograms | undefined {
  const [prometheus, promtool] = [onPath('prometheus', env), onPath('promtool', env)];
  if (prometheus && promtool) return { prometheus, promtool };
  return unpacked() ?? download();
}

function unpacked(): PrometheusPrograms | undefined {
  const bin = join(CACHE, 'prometheus/usr/bin');
  const programs = { prometheus: join(bin, 'prometheus'), promtool: join(bin, 'promtool') };
  return existsSync(programs.promtool) ? programs : undefined;
}

/** The package holds two programs that need nothing but the C library. */
function download(): PrometheusPrograms | undefined {
  mkdirSync(CACHE, { recursive: true });
  const directory = mkdtempSync(join(CACHE, 'download-'));
  const apt = (...args: string[]) => execFileSync('apt-get', args, { cwd: directory, stdio: ['ignore', 2, 2] });
  try {
    try {
      apt('download', 'prometheus');
    } catch {
      apt('update', '-qq');
      apt('download', 'prometheus');
    }
    const [archive = ''] = readdirSync(directory).filter((name) => name.endsWith('.deb'));
    execFileSync('dpkg', ['-x', archive, 'prometheus'], { cwd: directory });
    renameSync(join(directory, 'prometheus'), join(CACHE, 'prometheus'));
  } catch (error) {
    // Another test may have put it there meanwhile.
    if (!unpacked()) {
      process.stderr.write(`prometheus cannot be had: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return unpacked();
}

/** @throws Error with its output, when it does not become ready. */
export function startPrometheus({ programs, config }: PrometheusOptions): Promise<Prometheus> {
  return startTogether(async (running) => {
    const data = temporaryDirectory();
    running.onStop(() => data.remove());
    return onFreePort(async (port) => {
      const flags = [`--config.file=${config}`, `--storage.tsdb.path=${data.path}/data`];
      const listen = [`--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'];
      const process = await startProgram([programs.prometheus, ...flags, ...listen], { cwd: dirname(config) });
      running.add(process);
      const prometheus = new RunningPrometheus(`http://127.0.0.1:${port}`, () => running.stop());
      await waitFor(async () => !process.running || (await prometheus.isReady()), { description: 'Prometheus' });
      if (!process.running) throw new Error(outputOf(process));
      return prometheus;
    });
  });
}

function outputOf(process: NodeProcess): string {
  return `prometheus ended:\n${process.output()}`;
}

class RunningPrometheus implements Prometheus {
  constructor(
    readonly url: string,
    readonly stop: () => Promise<void>,
  ) {}

  async isReady(): Promise<boolean> {
    return (await fetch(`${this.url}/-/ready`)).ok;
  }

  async query(expression: string): Promise<PrometheusSample[]> {
    const answer = await this.get(`query?${new URLSearchParams({ query: expression }).toString()}`);
    const { resultType, result } = answer as { resultType: string; result: PrometheusSample[] };
    if (resultType !== 'vector') throw new Error(`${expression} is a ${resultType} and no vector`);
    return result;
  }

  async alerts(): Promise<PrometheusAlert[]> {
    return ((await this.get('alerts')) as { alerts: PrometheusAlert[] }).alerts;
  }

  private async get(path: string): Promise<unknown> {
    const answer = (await (await fetch(`${this.url}/api/v1/${path}`)).json()) as { data?: unknown; error?: string };
    if (answer.error) throw new Error(`Prometheus refuses ${path}: ${answer.error}`);
    return answer.data;
  }
}
