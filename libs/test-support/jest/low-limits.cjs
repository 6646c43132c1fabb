const { testTimeout } = require('../../../jest.preset.js');

/** Where Jest keeps what `jest.setTimeout` was told. */
const LIMIT_OF_FILE = Symbol.for('TEST_TIMEOUT_SYMBOL');

/** The limits of a test file that raise nothing: a busy machine would reach a lower one than all have. */
exports.LowLimits = class LowLimits {
  found = new Set();

  constructor(globals) {
    this.globals = globals;
  }

  /** Takes an event of jest-circus: `add_test` and `add_hook` have the limit that was given, and the file's may come at any time. */
  see({ timeout }) {
    for (const limitMs of [timeout, this.globals[LIMIT_OF_FILE]]) {
      if (limitMs <= testTimeout) this.found.add(limitMs);
    }
  }
};
