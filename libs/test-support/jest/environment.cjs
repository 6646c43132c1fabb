require('./code-cache.cjs');
const { TestEnvironment } = require('jest-environment-node');
const { endStorages } = require('./async-storages.cjs');
const { reapChildren } = require('./child-processes.cjs');
const { OpenHandles } = require('./open-handles.cjs');

const GRACE_MS = 3_000;

/** Fails a test file that leaves something open, and lets go of that, so that the run can end. */
module.exports = class TidyEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.testPath = context.testPath;
  }

  async setup() {
    await super.setup();
    reapChildren();
    this.openBefore = new OpenHandles();
  }

  async teardown() {
    endStorages();
    await super.teardown();
  }

  async handleTestEvent({ name }, state) {
    if (name !== 'run_finish') return;
    const left = await OpenHandles.since(this.openBefore, GRACE_MS);
    if (left.isEmpty) return;
    left.letGo();
    // Where jest-circus itself puts the failure of an `afterAll`: the results of the tests remain.
    state.unhandledErrors.push(leftOpen(left.describe(), this.testPath));
  }
};

function leftOpen(things, testPath) {
  const error = new Error(`The tests of this file left open:\n${things.map((thing) => `  - ${thing}`).join('\n')}`);
  error.stack = `${error}\n    at ${testPath}:1:1`;
  return error;
}
