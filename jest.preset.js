const { availableParallelism } = require('node:os');

/** Jest on Node 20 cannot load ES modules as they are, so our sources and the ESM-only packages are transformed. */
const ESM_ONLY = ['@nestjs', 'oauth4webapi', 'oidc-provider', 'jose', 'lru-cache', '@actions'];

module.exports = {
  // Many files wait for servers and processes, so that one at a time would leave half of a machine with two cores idle.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  // One limit for all: it is for what hangs, and a busy machine never reaches it.
  testTimeout: 120_000,
  testEnvironment: require.resolve('./libs/test-support/jest/environment.cjs'),
  reporters: ['default', [require.resolve('./libs/test-support/jest/reporter.cjs'), { deadlineMs: 25 * 60_000 }]],
  testMatch: ['<rootDir>/src/**/*.{spec,e2e-spec}.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.(ts|js|mjs)$': [
      '@swc/jest',
      {
        sourceMaps: 'inline',
        module: { type: 'commonjs' },
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${ESM_ONLY.join('|')})/)`],
};
