import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { onPath, redisServerBin } from './redis-server-bin.js';

/** Debian asks this script before a package starts its service; 101 means no. */
const POLICY = '/usr/sbin/policy-rc.d';

export const REDIS_IS_MISSING = `The tests need a Redis server, and none was found. Any of these will do:
  Debian, Ubuntu   sudo apt-get install redis-server
  macOS            brew install redis
  elsewhere        put redis-server or valkey-server on the PATH, or its path in REDIS_SERVER_BIN`;

/**
 * The Redis server for the tests, installed first where that is possible (Debian and its kin, as root).
 *
 * @throws Error that says what to install, when there is none and none can be installed.
 */
export function ensureRedisServer(env: NodeJS.ProcessEnv = process.env): string {
  const found = redisServerBin(env);
  if (found) return found;
  if (canInstall(env)) withoutStartingServices(() => install(env));
  const installed = redisServerBin(env);
  if (!installed) throw new Error(REDIS_IS_MISSING);
  return installed;
}

function canInstall(env: NodeJS.ProcessEnv): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0 && onPath('apt-get', env) !== undefined;
}

function install(env: NodeJS.ProcessEnv): void {
  tryAptGet(env, 'update');
  tryAptGet(env, 'install', '-y', '--no-install-recommends', 'redis-server');
}

/** A failure is not the end: apt's output tells the reason, and the missing server is found out right after. */
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
