const { spawn } = require('node:child_process');
const { subscribe } = require('node:diagnostics_channel');

/** Reads `+ pid` and `- pid`; kills what is left when its input ends, which only the process that writes holds open. */
const REAPER = `
  trap '' INT TERM HUP
  pids=' '
  while read -r change pid; do
    case $change in
      +) pids="$pids$pid " ;;
      -) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
    esac
  done
  kill -KILL $pids
`;

const running = new Set();
let reaper;

/** From now on no child of this process outlives it, not even after a SIGKILL. */
function reapChildren() {
  if (reaper) return;
  reaper = spawn('sh', ['-c', REAPER], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  reaper.stdin.on('error', () => undefined);
  reaper.stdin.unref();
  reaper.unref();
  subscribe('child_process', ({ process: child }) => child.once('spawn', () => follow(child)));
}

/** The children of this process that have not ended yet. */
function runningChildren() {
  return [...running];
}

function follow(child) {
  if (isLastWill(child)) return;
  running.add(child);
  reaper.stdin.write(`+ ${child.pid}\n`);
  child.once('exit', () => {
    running.delete(child);
    reaper.stdin.write(`- ${child.pid}\n`);
  });
}

/** The shell of a last will waits for the end of this process, and then has something left to do. */
function isLastWill({ spawnargs }) {
  return spawnargs.includes('last-will');
}

module.exports = { reapChildren, runningChildren };
