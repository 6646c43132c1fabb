module.exports = { ...require('../../jest.preset.js'), displayName: 'cluster-metrics', testTimeout: 60_000 };
