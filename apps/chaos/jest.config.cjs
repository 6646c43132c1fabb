module.exports = { ...require('../../jest.preset.js'), displayName: 'chaos', maxWorkers: 1 };
