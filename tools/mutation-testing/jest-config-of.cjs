/**
 * What mutation testing runs again for every mutant: specs that need no server and no time of their own. Stryker runs every test file
 * each time, so that those of a folder are one file, which loads what it needs once; each folder is a run of its own, since the core
 * needs no Nest, and Nest takes two thirds of the time to load.
 */
module.exports = (folder) => ({
  ...require('../../libs/token-cache/jest.config.cjs'),
  rootDir: '../../libs/token-cache',
  roots: [__dirname],
  testMatch: [require.resolve(`./${folder}.cjs`)],
  testEnvironment: require.resolve('./fail-fast-environment.cjs'),
  // A mutant that makes a test wait for ever is found soon.
  testTimeout: 6_000,
});
