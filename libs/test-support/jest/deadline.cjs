const { writeSync } = require('node:fs');
const { isMainThread, Worker, workerData } = require('node:worker_threads');

const STDERR = 2;

/** Kills this process unless it is revoked in time; a thread of its own sees to it even when this one is in a loop. */
function deadline(ms, message) {
  const thread = new Worker(__filename, { workerData: { ms, message } });
  thread.unref();
  return { revoke: () => void thread.terminate() };
}

if (!isMainThread) {
  setTimeout(() => {
    writeSync(STDERR, `\n${workerData.message}\n`);
    process.kill(process.pid, 'SIGKILL');
  }, workerData.ms);
}

module.exports = { deadline };
