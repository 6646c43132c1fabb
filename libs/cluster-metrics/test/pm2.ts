import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isRunning } from '../src/lib/process-identity.js';
import { until } from './until.js';

const run = promisify(execFile);
const bin = join(__dirname, '../../../node_modules/.bin/pm2');

/** A PM2 daemon of the test's own, in a temporary home whose path is short enough for its sockets. */
export class Pm2 {
  readonly home = mkdtempSync(join(tmpdir(), 'cm-'));

  /** Starts a script in cluster mode and waits until all its workers are ready. */
  async start(name: string, script: string, instances: number, env: Record<string, string>): Promise<void> {
    const options = ['--name', name, '-i', String(instances), '--wait-ready', '--listen-timeout', '60000'];
    await this.do(['start', script, ...options, '--kill-timeout', '10000'], env);
  }

  async do(args: string[], env: Record<string, string> = {}): Promise<void> {
    const own = { PM2_HOME: this.home, PM2_DISABLE_VERSION_CHECK: 'true' };
    await run(bin, args, { env: { ...process.env, ...own, ...env } });
  }

  /** Ends the daemon and all that it started, and waits for it. */
  async kill(): Promise<void> {
    const pid = Number(readFileSync(join(this.home, 'pm2.pid'), 'utf8'));
    await this.do(['kill']);
    await until(
      async () => isRunning(pid),
      (isAlive) => !isAlive,
    );
    rmSync(this.home, { recursive: true, force: true });
  }
}
