import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureRedisServer } from './ensure-redis-server.js';
import { redisServerBin } from './redis-server-bin.js';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js';

const ROOT_ON_LINUX = process.platform === 'linux' && process.getuid?.() === 0;

describe('the Redis server for the tests', () => {
  let directory: TemporaryDirectory;

  beforeEach(() => {
    directory = temporaryDirectory();
  });

  afterEach(() => directory.remove());

  function program(name: string, script = ''): string {
    const path = join(directory.path, name);
    writeFileSync(path, `#!/bin/sh\n${script}`);
    chmodSync(path, 0o755);
    return path;
  }

  it('is what REDIS_SERVER_BIN says', () => {
    program('redis-server');
    const chosen = program('my-redis');
    expect(redisServerBin({ REDIS_SERVER_BIN: chosen, PATH: directory.path })).toBe(chosen);
  });

  it('is a valkey-server where there is no redis-server', () => {
    const valkey = program('valkey-server');
    expect(redisServerBin({ PATH: directory.path })).toBe(valkey);
    const redis = program('redis-server');
    expect(redisServerBin({ PATH: directory.path })).toBe(redis);
  });

  it('is not looked for elsewhere when REDIS_SERVER_BIN is wrong', () => {
    expect(() => redisServerBin({ ...process.env, REDIS_SERVER_BIN: '/nowhere/redis' })).toThrow('REDIS_SERVER_BIN');
  });

  it('is missing with a message that says what to install', () => {
    expect(() => ensureRedisServer({ PATH: directory.path })).toThrow(/apt-get install[^]*brew[^]*REDIS_SERVER_BIN/);
  });

  if (ROOT_ON_LINUX) {
    it('is installed by apt where that is possible, while no service may start', () => {
      const policyWasThere = existsSync('/usr/sbin/policy-rc.d');
      const log = join(directory.path, 'log');
      program('installed-redis');
      program(
        'apt-get',
        `echo "$DEBIAN_FRONTEND $*" >> ${log}
         /usr/sbin/policy-rc.d redis-server start; echo "policy $?" >> ${log}
         case "$*" in *install*) /bin/ln -s ${directory.path}/installed-redis ${directory.path}/redis-server;; esac`,
      );
      expect(ensureRedisServer({ PATH: directory.path })).toBe(join(directory.path, 'redis-server'));
      const [update, , install, policy] = readFileSync(log, 'utf8').split('\n');
      expect(update).toBe('noninteractive -o DPkg::Lock::Timeout=300 update');
      expect(install).toMatch(/^noninteractive .*install -y .*redis-server$/);
      expect(policy).toBe('policy 101');
      expect(existsSync('/usr/sbin/policy-rc.d')).toBe(policyWasThere);
    });
  }
});
