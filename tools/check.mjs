// What a change touches: lint and types of the projects that it affects, and the unit tests that import a changed file.
//   npm run check             since the branch left main, with what is not committed
//   npm run check -- HEAD     what is not committed
import { spawnSync } from 'node:child_process';

const [base = branchPoint()] = process.argv.slice(2);

run('nx', 'affected', '-t', 'lint', 'typecheck', `--base=${base}`, '--output-style=static-failures-only');
run('jest', `--changedSince=${base}`, '--passWithNoTests');

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

function run(program, ...args) {
  const { status } = spawnSync(`node_modules/.bin/${program}`, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
