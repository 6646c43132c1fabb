const preset = require('../../jest.preset.js');
const { join } = require('node:path');

/** GitHub's parser of workflows exports to `import` alone, and Jest on Node 20 requires what it loads. */
const ACTIONS = join(__dirname, '../../node_modules/@actions');

module.exports = {
  ...preset,
  displayName: 'gateway-e2e',
  // A suite waits for servers, workers and npm for most of its time.
  maxWorkers: 4,
  // `npm run hosts` has these: projects that are generated, whose packages npm takes long to install.
  testPathIgnorePatterns: process.env.EVERY_HOST ? [] : ['src/hosts\\.e2e-spec'],
  testSequencer: require.resolve('./longest-first.cjs'),
  moduleNameMapper: {
    ...preset.moduleNameMapper,
    '^@actions/([\\w-]+)$': `${ACTIONS}/$1/dist/index.js`,
    '^@actions/([\\w-]+)/(.+)$': `${ACTIONS}/$1/dist/$2.js`,
  },
};
