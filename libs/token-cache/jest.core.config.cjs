/** The core alone, whose tests need no server and no time of their own: what mutation testing runs again for every mutant. */
module.exports = {
  ...require('./jest.config.cjs'),
  testMatch: ['<rootDir>/src/lib/**/*.spec.ts'],
  // A mutant that makes a test wait for ever is found soon.
  testTimeout: 1_500,
};
