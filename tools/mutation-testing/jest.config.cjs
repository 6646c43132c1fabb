/**
 * The core alone, whose tests need no server and no time of their own, and the simulation: what mutation testing runs again for every mutant.
 * Stryker runs every test file each time, so they are one file, which loads what it needs once.
 */
module.exports = {
  ...require('../../libs/token-cache/jest.config.cjs'),
  rootDir: '../../libs/token-cache',
  roots: [__dirname],
  testMatch: [require.resolve('./core.cjs')],
  testEnvironment: require.resolve('./fail-fast-environment.cjs'),
  // A mutant that makes a test wait for ever is found soon.
  testTimeout: 6_000,
};
