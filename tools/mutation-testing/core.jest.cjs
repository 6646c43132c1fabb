module.exports = require('./jest-config-of.cjs')('core');
