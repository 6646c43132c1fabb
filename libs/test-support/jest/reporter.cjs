const { reapChildren } = require('./child-processes.cjs');
const { deadline } = require('./deadline.cjs');
const { OpenHandles } = require('./open-handles.cjs');

/** Ends a run that does not end by itself: one without results at its deadline, one with results soon after them. */
module.exports = class EndingReporter {
  constructor({ watch, watchAll }, { deadlineMs, exitWithinMs = 5_000 }) {
    this.isWatching = watch || watchAll;
    this.deadlineMs = deadlineMs;
    this.exitWithinMs = exitWithinMs;
    reapChildren();
  }

  onRunStart() {
    this.deadline = deadline(this.deadlineMs, `The tests did not end within ${this.deadlineMs / 1_000} s: killed.`);
  }

  onRunComplete() {
    this.deadline.revoke();
    if (!this.isWatching) setTimeout(() => this.giveUp(), this.exitWithinMs).unref();
  }

  giveUp() {
    const open = new OpenHandles().describe().map((thing) => `\n  - ${thing}`);
    const all = process.getActiveResourcesInfo().join(', ');
    console.error(
      `The run did not end ${this.exitWithinMs / 1_000} s after its results. Open (${all}):${open.join('')}`,
    );
    process.exit(1);
  }
};
