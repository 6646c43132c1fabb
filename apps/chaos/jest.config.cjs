module.exports = {
  ...require('../../jest.preset.js'),
  displayName: 'chaos',
  // Each suite is a fleet of processes; two at once would measure the machine.
  maxWorkers: 1,
};
