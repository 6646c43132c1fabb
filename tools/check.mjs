// What a change touches, in about a minute: types and docstrings of the projects that it affects, lint of the files that it
// changes, the unit tests that import one of them, the contract of the Redis store if that changes, and the pages.
//   npm run check             since the branch left main, with what is not committed
//   npm run check -- HEAD     what is not committed
import { execFileSync, spawnSync } from 'node:child_process';

const [base = branchPoint()] = process.argv.slice(2);
const files = [
  ...git('diff', '--name-only', '--diff-filter=d', base),
  ...git('ls-files', '--others', '--exclude-standard'),
];
const sources = files.filter((file) => /\.(ts|mjs|cjs)$/.test(file));

// Types first: the linter reads the declarations that this builds.
run('nx', 'affected', '-t', 'typecheck', 'docstrings', `--base=${base}`, '--output-style=static-failures-only');
if (sources.length > 0) run('oxlint', ...sources);
if (files.length > 0) run('oxfmt', '--list-different', '--no-error-on-unmatched-pattern', ...files);
run('nx', 'run', 'workspace:imports', '--output-style=static-failures-only');
run('jest', `--changedSince=${base}`, '--passWithNoTests');
// These start servers, so they are no unit tests; nor does an import lead from a test to a Lua script.
if (files.some((file) => file.startsWith('libs/token-cache/src/redis/')))
  run('jest', '--config=libs/token-cache/jest.config.cjs', 'redis-token-store.spec', 'redis-token-store.fuzz');
run('jest', '--config=apps/pages/jest.config.cjs');

/** A clone may have no branch main, or only that of its origin. */
function branchPoint() {
  const found = ['main', 'origin/main'].map((branch) => spawnSync('git', ['merge-base', 'HEAD', branch]));
  return (
    found
      .find(({ status }) => status === 0)
      ?.stdout.toString()
      .trim() ?? 'HEAD'
  );
}

function git(...args) {
  return execFileSync('git', args, { encoding: 'utf8' }).split('\n').filter(Boolean);
}

/** Goes on after a failure: one run tells everything. */
function run(program, ...args) {
  const { status } = spawnSync(`node_modules/.bin/${program}`, args, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
