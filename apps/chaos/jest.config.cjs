module.exports = {
  ...require('../../jest.preset.js'),
  displayName: 'chaos',
  // A suite waits for most of its time, and its bounds allow for what the machine adds; `-w 1` measures less of that.
  maxWorkers: 3,
};
