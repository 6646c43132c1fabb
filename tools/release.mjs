// Prepares a release: the version of every package and of what depends on it, the change log, and the fields of the published packages
// that only the place of the repository tells. It commits, tags and publishes nothing; docs/releasing.md says what comes next.
//   npm run release -- 1.0.0 --dry-run   prints what it would do
//   npm run release -- 1.0.0
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { releaseVersion } from 'nx/release';
import semver from 'semver';
import { closeUnreleased } from './release/change-log.mjs';
import { publishedFields } from './release/published-fields.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PUBLISHED = ['libs/token-cache', 'libs/cluster-metrics'];
/** Where these fields stand in a package.json. */
const AFTER = 'license';

const [version = '', ...options] = process.argv.slice(2);
const dryRun = options.includes('--dry-run');

try {
  await release();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function release() {
  if (!semver.valid(version)) throw new Error('Give the version, such as: npm run release -- 1.0.0');
  const today = new Date().toISOString().slice(0, 10);
  // First, since it fails where there is nothing to release.
  const { text, section } = closeUnreleased(read('CHANGELOG.md'), version, today);
  await releaseVersion({ specifier: version, dryRun });
  write('CHANGELOG.md', text);
  console.log(`\nCHANGELOG.md\n\n${section}`);
  const remote = remoteUrl();
  if (!remote) {
    console.log('There is no remote "origin": homepage, repository and bugs are left out of the packages.');
    return;
  }
  for (const folder of PUBLISHED) fillIn(folder, publishedFields(remote, folder));
}

function fillIn(folder, fields) {
  const path = join(folder, 'package.json');
  const entries = Object.entries(JSON.parse(read(path))).filter(([name]) => !(name in fields));
  const place = entries.findIndex(([name]) => name === AFTER) + 1;
  const filled = Object.fromEntries(entries.toSpliced(place, 0, ...Object.entries(fields)));
  write(path, `${JSON.stringify(filled, null, 2)}\n`);
  console.log(`${path}\n\n${JSON.stringify(fields, null, 2)}\n`);
}

function remoteUrl() {
  try {
    return execFileSync('git', ['config', '--get', 'remote.origin.url'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  } catch {
    return undefined;
  }
}

function read(path) {
  return readFileSync(join(ROOT, path), 'utf8');
}

function write(path, text) {
  if (!dryRun) writeFileSync(join(ROOT, path), text);
}
