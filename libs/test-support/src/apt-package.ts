import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { onPath } from './redis-server-bin.js';

/** Debian asks this script before a package starts its service; 101 means no. */
const POLICY = '/usr/sbin/policy-rc.d';

/** Installs a package where that is possible (Debian and its kin, as root). Whether it is there afterwards, the caller finds out. */
export function tryAptInstall(name: string, env: NodeJS.ProcessEnv): void {
  if (!canInstall(env)) return;
  withoutStartingServices(() => {
    tryAptGet(env, 'update');
    tryAptGet(env, 'install', '-y', '--no-install-recommends', name);
  });
}

function canInstall(env: NodeJS.ProcessEnv): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0 && onPath('apt-get', env) !== undefined;
}

/** A failure is not the end: apt's output tells the reason, and what is missing is found out right after. */
function tryAptGet(env: NodeJS.ProcessEnv, ...args: string[]): void {
  try {
    execFileSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], {
      env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 2, 2],
    });
  } catch (error) {
    process.stderr.write(`apt-get ${args.join(' ')}: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

/** The package would start a server on the default port, which nobody asked for. A policy of the machine's own stays. */
function withoutStartingServices(action: () => void): void {
  if (existsSync(POLICY)) return action();
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    action();
  } finally {
    rmSync(POLICY, { force: true });
  }
}
