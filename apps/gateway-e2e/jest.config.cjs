const preset = require('../../jest.preset.js');
const { join } = require('node:path');

/** GitHub's parser of workflows exports to `import` alone, and Jest on Node 20 requires what it loads. */
const ACTIONS = join(__dirname, '../../node_modules/@actions');

module.exports = {
  ...preset,
  displayName: 'gateway-e2e',
  // Each suite is a fleet of processes; two at once would measure the machine.
  maxWorkers: 1,
  moduleNameMapper: {
    ...preset.moduleNameMapper,
    '^@actions/([\\w-]+)$': `${ACTIONS}/$1/dist/index.js`,
    '^@actions/([\\w-]+)/(.+)$': `${ACTIONS}/$1/dist/$2.js`,
  },
};
