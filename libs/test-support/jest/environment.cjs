require('./code-cache.cjs');
require('./idle-connections.cjs');
const { TestEnvironment } = require('jest-environment-node');
const { endStorages } = require('./async-storages.cjs');
const { reapChildren } = require('./child-processes.cjs');
const { OpenHandles } = require('./open-handles.cjs');
const { LowLimits } = require('./low-limits.cjs');

const GRACE_MS = 3_000;

/** Fails a test file that leaves something open, and lets go of that, so that the run can end; and one whose limit is too low. */
module.exports = class TidyEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.testPath = context.testPath;
    this.lowLimits = new LowLimits(this.global);
  }

  async setup() {
    await super.setup();
    reapChildren();
    this.openBefore = new OpenHandles();
  }

  async teardown() {
    const { global } = this;
    endStorages();
    await super.teardown();
    endTimers(global);
  }

  async handleTestEvent(event, state) {
    this.lowLimits.see(event);
    if (event.name !== 'run_finish') return;
    for (const limitMs of this.lowLimits.found) state.unhandledErrors.push(tooLow(limitMs, this.testPath));
    const left = await OpenHandles.since(this.openBefore, GRACE_MS);
    if (left.isEmpty) return;
    left.letGo();
    // Where jest-circus itself puts the failure of an `afterAll`: the results of the tests remain.
    state.unhandledErrors.push(leftOpen(left.describe(), this.testPath));
  }
};

/** What a failed test left going by itself sets no further global timer, for which a later file would be blamed. */
function endTimers(globals) {
  const ended = setTimeout(() => undefined);
  clearTimeout(ended);
  globals.setTimeout = globals.setInterval = () => ended;
}

function leftOpen(things, testPath) {
  return errorOf(testPath, `The tests of this file left open:\n${things.map((thing) => `  - ${thing}`).join('\n')}`);
}

function tooLow(limitMs, testPath) {
  return errorOf(
    testPath,
    `This file sets a limit of ${limitMs} ms, which jest.preset.js allows all of them: remove it`,
  );
}

function errorOf(testPath, message) {
  const error = new Error(message);
  error.stack = `${error}\n    at ${testPath}:1:1`;
  return error;
}
