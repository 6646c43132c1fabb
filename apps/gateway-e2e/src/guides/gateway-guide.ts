import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ensurePrometheus, PROMETHEUS_IS_MISSING, temporaryDirectory } from '@mintonce/test-support';
import { ROOT } from '../fleet.js';
import { startOutside } from '../pages/outside.js';
import { follow, onFreePorts, readersEnvironment, readGuide, type Step, type StepResult } from './guide.js';

export const GATEWAY_GUIDE = readGuide(ROOT, 'docs/getting-started-gateway.md');

/** What its reader ends up with. */
export interface GatewayGuideResult {
  readonly steps: readonly StepResult[];
  /** What the calls through the gateway were answered: with the key, and without. */
  readonly calls: string;
  /** The list of integrations. */
  readonly status: string;
  /** What Prometheus answers when it is asked for the mints. */
  readonly seenByPrometheus: string;
  /** The dashboard, as Grafana has it; nothing where it is not installed. */
  readonly seenInGrafana?: string;
  /** How many tokens the identity provider issued. */
  readonly mints: number;
}

/** Where the packages of Grafana put it. No registry of ours has it: where it is missing, its step is left out. */
export const HAS_GRAFANA = existsSync('/usr/share/grafana/bin/grafana');
const isOfGrafana = ({ code }: Step): boolean => code.includes('grafana/start.sh');

/** What the guide leaves to its reader: to look whether Prometheus has what the gateway tells. */
const LOOK: Step = {
  code: `until curl --silent --fail 'http://127.0.0.1:9490/api/v1/query?query=sum(token_mint_count)' | tee seen.json | grep -q '"1"'; do sleep 0.2; done
cat seen.json; rm seen.json`,
};

const LOOK_AT_THE_DASHBOARD: Step = {
  code: `until curl --silent --fail http://localhost:3001/api/dashboards/uid/mintonce; do sleep 0.2; done`,
};

/**
 * Follows the guide with a home of its own.
 *
 * @param from `'clone'` begins with a clone of the repository; `'workspace'` with this one, which is built
 * @param onStep is told of each step when it is done
 */
export async function followGatewayGuide(
  from: 'clone' | 'workspace',
  onStep?: (step: StepResult) => void,
): Promise<GatewayGuideResult> {
  const programs = ensurePrometheus();
  if (!programs) throw new Error(PROMETHEUS_IS_MISSING);
  const folder = temporaryDirectory();
  const outside = await startOutside(folder.path);
  const HOME = join(folder.path, 'home');
  mkdirSync(HOME);
  const onPorts = await onFreePorts([3000, 9400, 9490]);
  const env = {
    ...readersEnvironment(),
    HOME,
    PORT: onPorts('3000'),
    NODE_EXTRA_CA_CERTS: outside.ca,
    PM2_HOME: join(folder.path, 'pm2'),
    PM2_DISABLE_VERSION_CHECK: 'true',
    NX_DAEMON: 'false',
    npm_config_cache: process.env['npm_config_cache'] ?? join(process.env['HOME'] ?? '', '.npm'),
    PATH: [dirname(programs.prometheus), process.env['PATH']].join(delimiter),
  };
  const cwd = from === 'clone' ? await clone(join(folder.path, 'mintonce')) : ROOT;
  try {
    const [build, ...others] = GATEWAY_GUIDE.steps.filter((step) => HAS_GRAFANA || !isOfGrafana(step));
    const [stop, ...before] = [others.at(-1)!, ...others.slice(0, -1)];
    const looks = [LOOK, ...(HAS_GRAFANA ? [LOOK_AT_THE_DASHBOARD] : [])];
    const all = [...(from === 'clone' ? [build!] : []), ...before, ...looks, stop];
    const here = (code: string): string => outside.here(onPorts(code));
    const steps = await follow(all, { cwd, env, here }, onStep);
    const outputOf = (words: string): string => steps.find(({ code }) => code.includes(words))!.output;
    return {
      steps,
      calls: outputOf('/proxy/billing'),
      status: outputOf('/api/integrations'),
      seenByPrometheus: outputOf('query=sum'),
      ...(HAS_GRAFANA && { seenInGrafana: outputOf('/api/dashboards') }),
      mints: outside.mints(),
    };
  } finally {
    await promisify(execFile)(process.execPath, [join(ROOT, 'node_modules/pm2/bin/pm2'), 'kill'], { env });
    await outside.stop();
    folder.remove();
  }
}

async function clone(into: string): Promise<string> {
  await promisify(execFile)('git', ['clone', '--quiet', ROOT, into]);
  return into;
}
