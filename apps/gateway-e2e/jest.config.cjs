const preset = require('../../jest.preset.js');
const { join } = require('node:path');

/** GitHub's parser of workflows exports to `import` alone, and Jest on Node 20 requires what it loads. */
const ACTIONS = join(__dirname, '../../node_modules/@actions');

module.exports = {
  ...preset,
  displayName: 'gateway-e2e',
  // A suite waits for servers, workers and npm for most of its time.
  maxWorkers: 4,
  testSequencer: require.resolve('./longest-first.cjs'),
  moduleNameMapper: {
    ...preset.moduleNameMapper,
    '^@actions/([\\w-]+)$': `${ACTIONS}/$1/dist/index.js`,
    '^@actions/([\\w-]+)/(.+)$': `${ACTIONS}/$1/dist/$2.js`,
  },
};
