// Unpacks another version of Redis or Valkey for the tests from Debian's archive, without installing it:
//   node tools/debian-redis.mjs trixie redis-tools ~/redis-8      prints the value for REDIS_SERVER_BIN
//   node tools/debian-redis.mjs trixie valkey-tools ~/valkey-8
// It uses the package mirror of this machine. The server runs with the libraries of its own Debian release.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [suite, packageName, target] = process.argv.slice(2);
if (!suite || !packageName || !target)
  throw new Error('usage: debian-redis.mjs SUITE redis-tools|valkey-tools DIRECTORY');
const at = (...path) => join(resolve(target), ...path);

for (const path of ['lists/partial', 'cache/archives/partial', 'sources', 'root'])
  mkdirSync(at(path), { recursive: true });
writeFileSync(at('status'), '');
const [sources] = readFileSync('/etc/apt/sources.list.d/debian.sources', 'utf8').split(/\n\s*\n/);
writeFileSync(at('sources', 'suite.sources'), `${sources.replace(/^Suites:.*$/m, `Suites: ${suite}`)}\n`);

/** Options of apt for an empty system, so that every library is downloaded too. */
const options = {
  'Dir::Etc::sourcelist': '/dev/null',
  'Dir::Etc::sourceparts': at('sources'),
  'Dir::State::lists': at('lists'),
  'Dir::State::status': at('status'),
  'Dir::Cache': at('cache'),
  'Debug::NoLocking': '1',
};
const apt = (...args) =>
  execFileSync(
    'apt-get',
    [...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]), ...args],
    {
      stdio: ['ignore', 2, 2],
    },
  );

apt('update', '-qq');
apt('install', '-qq', '-y', '--download-only', '--no-install-recommends', packageName);
for (const file of readdirSync(at('cache/archives')).filter((name) => name.endsWith('.deb')))
  execFileSync('dpkg', ['-x', at('cache/archives', file), at('root')]);

const name = packageName.replace(/-tools$/, '');
const libraries = ['lib', 'usr/lib'].map((path) => at('root', path, 'x86_64-linux-gnu')).join(':');
const loader = at('root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2');
const server = at(`${name}-server`);
// redis-check-rdb is the same program as redis-server; it chooses its role by its name (argv[0]).
writeFileSync(
  server,
  `#!/bin/sh\nexec ${loader} --argv0 ${name}-server --library-path ${libraries} ${at('root/usr/bin', `${name}-check-rdb`)} "$@"\n`,
);
chmodSync(server, 0o755);
execFileSync(server, ['--version'], { stdio: ['ignore', 2, 2] });
console.log(server);
