const preset = require('../../jest.preset.js');

module.exports = {
  ...preset,
  displayName: 'token-cache',
  transform: { ...preset.transform, '\\.lua$': require.resolve('./build/lua-transform.cjs') },
};
