/**
 * The core alone, whose tests need no server and no time of their own, and the simulation: what mutation testing runs again for every mutant.
 * Stryker runs every test file each time, so they are one file, which loads what it needs once.
 */
module.exports = {
  ...require('../jest.config.cjs'),
  rootDir: '..',
  testMatch: ['<rootDir>/mutation-testing/core.cjs'],
  testEnvironment: require.resolve('./fail-fast-environment.cjs'),
  // A mutant that makes a test wait for ever is found soon.
  testTimeout: 6_000,
};
