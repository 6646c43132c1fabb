const { TestEnvironment } = require('jest-environment-node');

/** Skips what is left once a test has failed: the mutant is dead. */
module.exports = class FailFastEnvironment extends TestEnvironment {
  hasFailed = false;

  async handleTestEvent({ name, test }) {
    if (name === 'test_fn_failure' || name === 'hook_failure') this.hasFailed = true;
    if (name === 'test_start' && this.hasFailed) test.mode = 'skip';
  }
};
