/** The unit tests of every project, for `npm run check` and `npm run test:watch`; each project runs all of its tests itself. */
const preset = require('./jest.preset.js');
const { join } = require('node:path');

const PROJECTS = [
  'libs/token-cache',
  'libs/cluster-metrics',
  'libs/test-support',
  'apps/gateway',
  'apps/demo',
  'apps/simulation',
  'apps/benchmark',
];

/** Files whose tests start servers or fleets of processes, or search for long. */
const NOT_UNITS = '/src/.*(redis|contention|fuzz|bad-days|pm2|simulation|mutations)[^/]*$';

module.exports = {
  reporters: preset.reporters ?? ['default'],
  maxWorkers: preset.maxWorkers,
  projects: PROJECTS.map((path) => unitsOf(path, require(`./${path}/jest.config.cjs`))),
};

/** Jest wants the reporters and the number of its workers at the root alone. */
function unitsOf(path, config) {
  const units = { ...config, rootDir: join(__dirname, path), testPathIgnorePatterns: [NOT_UNITS] };
  delete units.reporters;
  delete units.maxWorkers;
  return units;
}
