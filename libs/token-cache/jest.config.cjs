const preset = require('../../jest.preset.js');

module.exports = {
  ...preset,
  displayName: 'token-cache',
  moduleNameMapper: {
    ...preset.moduleNameMapper,
    // The code of pages imports the package, as an application does.
    '^@mintonce/token-cache$': '<rootDir>/src/index.ts',
    '^@mintonce/token-cache/(\\w+)$': '<rootDir>/src/$1/index.ts',
  },
  transform: { ...preset.transform, '\\.lua$': require.resolve('./build/lua-transform.cjs') },
};
