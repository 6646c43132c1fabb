module.exports = { ...require('../../jest.preset.js'), displayName: 'token-cache' };
