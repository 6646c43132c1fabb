import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { askPm2 } from './ask-pm2.js';
import { isAlive } from './is-alive.js';
import { type LastWill, lastWill } from './last-will.js';
import { startTogether } from './start-together.js';
import { makeShortDirectory } from './temporary-directory.js';
import { waitFor } from './wait-for.js';

const BIN = createRequire(import.meta.url).resolve('pm2/bin/pm2');

const execute = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface Pm2Options {
  /** The file that describes the applications. */
  ecosystem: string;
  /** Added to the environment of this process. */
  env?: NodeJS.ProcessEnv;
  /** Short, since it holds unix sockets. It is removed at the end. @defaultValue a temporary directory */
  home?: string;
}

/** What PM2 tells about one process, as far as tests ask. */
export interface Pm2Process {
  readonly name: string;
  readonly pid: number;
  readonly pm_id: number;
  readonly pm2_env: {
    readonly status: string;
    readonly restart_time: number;
    readonly pm_out_log_path: string;
    readonly pm_err_log_path: string;
  };
}

/** A PM2 of its own, which knows nothing of the user's. */
export interface Pm2 {
  readonly home: string;
  /** Runs `pm2 <args>` and answers what it printed. */
  run(...args: string[]): Promise<string>;
  list(): Promise<Pm2Process[]>;
  /** What all processes printed so far. */
  logs(): Promise<string>;
  /** Ends all processes and the daemon, and removes the home. */
  stop(): Promise<void>;
}

/**
 * Starts the applications of an ecosystem file; resolves when they are online (with `wait_ready`: ready).
 *
 * @throws Error with PM2's output, when PM2 refuses.
 */
export async function startPm2({ ecosystem, env = {}, home = makeShortDirectory() }: Pm2Options): Promise<Pm2> {
  return await startTogether(async (running) => {
    const pm2 = running.add(new PrivatePm2(home, env));
    await pm2.run('start', ecosystem);
    return pm2;
  });
}

class PrivatePm2 implements Pm2 {
  private readonly env: NodeJS.ProcessEnv;
  private readonly will: LastWill;

  constructor(
    readonly home: string,
    env: NodeJS.ProcessEnv,
  ) {
    this.env = {
      ...withoutPm2(process.env),
      ...env,
      PM2_HOME: home,
      PM2_DISABLE_VERSION_CHECK: 'true',
      PM2_KILL_SIGNAL: 'SIGTERM',
    };
    this.will = lastWill('"$1" "$2" kill; rm -rf "$3"', [process.execPath, BIN, home], this.env);
  }

  async run(...args: string[]): Promise<string> {
    try {
      const { stdout, stderr } = await execute(process.execPath, [BIN, ...args], {
        env: this.env,
        maxBuffer: MAX_OUTPUT_BYTES,
      });
      return stdout + stderr;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`pm2 ${args.join(' ')} failed\n${stdout}${stderr}`, { cause: error });
    }
  }

  async list(): Promise<Pm2Process[]> {
    return (await askPm2(this.home, 'getMonitorData')) as Pm2Process[];
  }

  async logs(): Promise<string> {
    const paths = (await this.list()).flatMap(({ pm2_env }) => [pm2_env.pm_out_log_path, pm2_env.pm_err_log_path]);
    return [...new Set(paths)].map(readIfPresent).join('');
  }

  async stop(): Promise<void> {
    const daemon = Number(readIfPresent(join(this.home, 'pm2.pid')));
    if (daemon) await this.end(daemon);
    rmSync(this.home, { recursive: true, force: true });
    this.will.revoke();
  }

  private async end(daemon: number): Promise<void> {
    try {
      await this.run('kill');
      await waitFor(() => !isAlive(daemon), { description: `the end of the PM2 daemon ${daemon}` });
    } catch {
      if (isAlive(daemon)) process.kill(daemon, 'SIGKILL');
    }
  }
}

/** Started from inside a PM2 process, the variables of that process would be taken for settings. */
function withoutPm2(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(PM2_|pm_|NODE_APP_INSTANCE$)/.test(name)));
}

function readIfPresent(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
