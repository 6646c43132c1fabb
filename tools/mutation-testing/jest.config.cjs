/** What mutation testing runs again for each mutant. The specs themselves are said by who runs it, as the global `SPECS`. */
module.exports = {
  ...require('../../libs/token-cache/jest.config.cjs'),
  rootDir: '../../libs/token-cache',
  roots: [__dirname],
  testMatch: [require.resolve('./specs.cjs')],
  testEnvironment: require.resolve('./fail-fast-environment.cjs'),
  // A mutant that makes a test wait for ever is found soon.
  testTimeout: 6_000,
};
