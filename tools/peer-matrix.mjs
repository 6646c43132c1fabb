// Runs the packed library with the lowest and the newest version of each peer that its package.json allows, on each Node that it
// supports. What is not passed here is not claimed there.
//   npm run peers                    takes about 15 min
//   npm run peers -- lowest          the columns with that word alone
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startRedis, temporaryDirectory } from '@mintonce/test-support';
import semver from 'semver';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LIBRARY = join(ROOT, 'libs/token-cache');
const NODES = ['20.19.0', '20', '22.12.0', '22', '24'];
const NPM = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error', '--save-exact'];
/** What an application of Nest has besides. */
const BESIDE = ['reflect-metadata@^0.2.0', 'rxjs@^7.8.0', '@nestjs/platform-express'];

const { peerDependencies } = readJson(join(LIBRARY, 'package.json'));
const lowestOf = (range) => semver.minVersion(range).version;

/** Versions that an application may have together: a peer with one major has its lowest version in the first column alone. */
const COLUMNS = {
  'lowest of the lower major': (ranges) => lowestOf(ranges[0]),
  'newest of the lower major': (ranges) => ranges[0],
  'lowest of the higher major': (ranges) => (ranges.length > 1 ? lowestOf(ranges.at(-1)) : ranges[0]),
  'newest of the higher major': (ranges) => ranges.at(-1),
};

const [word = ''] = process.argv.slice(2);
const directory = temporaryDirectory();
const redis = await startRedis();
const results = [];
try {
  const tarball = pack();
  const nodes = NODES.map(installNode);
  for (const [column, choose] of Object.entries(COLUMNS).filter(([name]) => name.includes(word))) {
    const folder = application(column, tarball, choose);
    const unfit = nodes.flatMap(({ version }) => peersUnfitFor(folder, version));
    const older = unfit.length > 0 && application(`${column} that older Nodes run`, tarball, choose, unfit);
    for (const node of nodes) {
      const without = peersUnfitFor(folder, node.version);
      const result = run(without.length > 0 ? older : folder, node);
      results.push({ column, without: without.join(' '), node: node.version, result });
    }
  }
} finally {
  await redis.stop();
  directory.remove();
}
console.table(results);
if (results.some(({ result }) => result === 'FAILED')) process.exitCode = 1;

function pack() {
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory.path], {
    cwd: LIBRARY,
    encoding: 'utf8',
  });
  return join(directory.path, JSON.parse(packed)[0].filename);
}

/** The registry has the program of each release of Node. */
function installNode(version) {
  const folder = newFolder(`node-${version}`);
  install(folder, [`node@${version}`], []);
  const program = ['node_modules/node/bin/node', 'node_modules/node/node_modules/.bin/node']
    .map((path) => join(folder, path))
    .find((path) => existsSync(path));
  return { program, version: execFileSync(program, ['--version'], { encoding: 'utf8' }).trim().slice(1) };
}

/**
 * Installs as a user does: a peer that is out of range is an error of npm.
 *
 * @param unfit peers of which the lower major is taken
 */
function application(column, tarball, choose, unfit = []) {
  const folder = newFolder(column.replaceAll(' ', '-'));
  const peers = Object.entries(peerDependencies).map(([name, range]) => {
    const ranges = range.split('||').map((part) => part.trim());
    return `${name}@${choose(unfit.includes(name) ? ranges.slice(0, 1) : ranges)}`;
  });
  const nest = peers.find((peer) => peer.startsWith('@nestjs/core@')).replace('@nestjs/core', '');
  const beside = BESIDE.map((name) => (name.startsWith('@nestjs/') ? name + nest : name));
  install(folder, [tarball, ...peers, ...beside]);
  console.log(`${column}: ${installed(folder).join(' ')}`);
  for (const file of readdirSync(new URL('peer-matrix', import.meta.url))) {
    copyFileSync(new URL(`peer-matrix/${file}`, import.meta.url), join(folder, file));
  }
  return folder;
}

function installed(folder) {
  return Object.keys(peerDependencies).map((name) => `${name}@${manifestOf(folder, name).version}`);
}

function run(folder, { program }) {
  const { status, stdout, stderr } = spawnSync(program, ['peers.test.mjs'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, REDIS_URL: redis.url },
    timeout: 300_000,
  });
  if (status === 0) return 'passed';
  console.error(
    stdout
      .split('\n')
      .filter((line) => /not ok|error:|expected:|actual:|Error|file:/.test(line))
      .join('\n'),
    stderr,
  );
  return 'FAILED';
}

/** The peers whose installed version needs another Node. */
function peersUnfitFor(folder, version) {
  return Object.keys(peerDependencies).filter(
    (name) => !semver.satisfies(version, manifestOf(folder, name).engines?.node ?? '*'),
  );
}

function manifestOf(folder, name) {
  return readJson(join(folder, 'node_modules', name, 'package.json'));
}

function newFolder(name) {
  const folder = join(directory.path, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  return folder;
}

function install(folder, packages, options = ['--ignore-scripts']) {
  execFileSync('npm', ['install', ...NPM, ...options, ...packages], { cwd: folder, stdio: ['ignore', 'ignore', 2] });
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
