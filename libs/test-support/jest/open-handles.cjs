const { ChildProcess } = require('node:child_process');
const { Server, Socket } = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');
const { runningChildren } = require('./child-processes.cjs');

const INTERVAL_MS = 20;

/** What keeps this process alive, and the child processes that do not. */
class OpenHandles {
  handles = activeHandles();
  children = runningChildren();
  timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

  /** What was opened since `before` and is open still, after `graceMs` in which this process ran, for what is about to close. */
  static async since(before, graceMs) {
    let now = new OpenHandles().without(before);
    // Counted, not timed: what is about to close gets its turns also where the machine stands still.
    for (let leftMs = graceMs; !now.isEmpty && leftMs > 0; leftMs -= INTERVAL_MS) {
      await sleep(INTERVAL_MS);
      now = new OpenHandles().without(before);
    }
    return now;
  }

  without(before) {
    this.handles = this.handles.filter((handle) => !before.handles.includes(handle));
    this.children = this.children.filter((child) => !before.children.includes(child));
    this.timers = Math.max(0, this.timers - before.timers);
    return this;
  }

  get isEmpty() {
    return this.handles.length + this.children.length + this.timers === 0;
  }

  describe() {
    const timers = this.timers === 0 ? [] : [`timers: ${this.timers}`];
    return [...this.children.map(describeChild), ...this.handles.map(describeHandle), ...timers];
  }

  /** None of it keeps this process alive any more, except timers, which cannot be reached. */
  letGo() {
    for (const child of this.children) child.kill('SIGKILL');
    for (const handle of this.handles) handle.unref?.();
  }
}

/** Only the undocumented list has the handles themselves; `getActiveResourcesInfo()` has their kinds. */
function activeHandles() {
  const ours = [process.stdin, process.stdout, process.stderr];
  return process._getActiveHandles().filter((handle) => !ours.includes(handle) && !(handle instanceof ChildProcess));
}

function describeChild({ pid, spawnargs }) {
  return `child process ${pid}: ${spawnargs.join(' ')}`;
}

function describeHandle(handle) {
  if (handle instanceof Server) return `server listening on ${addressOf(handle.address())}`;
  if (!(handle instanceof Socket)) return handle.constructor.name;
  if (!handle.remoteAddress) return 'pipe or unix socket';
  return `connection from port ${handle.localPort} to ${handle.remoteAddress}:${handle.remotePort}`;
}

function addressOf(address) {
  return address && typeof address === 'object' ? `${address.address}:${address.port}` : address;
}

module.exports = { OpenHandles };
