import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastWill } from './last-will.mjs';
import { readable } from './readable.mjs';
import { StartError } from './start-error.mjs';

const POLL_MS = 50;

/** A child in a process group of its own: Ctrl-C in the terminal reaches this process only, which then ends the children in order. */
export class Child {
  /** Its output until `show()` or `discard()`. */
  output = '';

  constructor(name, args, { env, graceMs, cwd, signal, noise }) {
    signal.throwIfAborted();
    this.graceMs = graceMs;
    this.noise = noise;
    this.process = spawn(process.execPath, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.pid = this.process.pid;
    this.exited = new Promise((resolve) => this.process.once('close', resolve).once('error', resolve));
    this.exited.then(lastWill(this.pid));
    this.failed = this.exited.then(() => {
      throw new StartError(`The ${name} ended unexpectedly.\n${this.report()}`.trim());
    });
    this.failed.catch(() => {});
    this.receive = (text) => (this.output += text);
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => this.receive(text));
    }
  }

  /** Waits until the condition gives a truthy value, and gives that. */
  async until(condition, timeoutMs) {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const answer = await condition(this.output);
      if (answer) return answer;
      if (Date.now() > deadline) throw new StartError(`Not ready after ${timeoutMs} ms.\n${this.report()}`);
      await sleep(POLL_MS);
    }
  }

  show() {
    this.output = '';
    this.receive = readable(process.stdout);
  }

  discard() {
    this.output = '';
    this.receive = () => {};
  }

  /** Its output without the lines of `noise`. */
  report() {
    return this.withoutNoise(this.output);
  }

  withoutNoise(text) {
    return text
      .split('\n')
      .filter((line) => !this.noise?.test(line))
      .join('\n');
  }

  /** Sends SIGTERM, and SIGKILL after `graceMs` or as soon as `insisted` resolves; waits for the end. */
  async stop(insisted) {
    const { receive } = this;
    this.receive = (text) => receive(this.withoutNoise(text));
    this.signal('SIGTERM');
    const impatience = AbortSignal.timeout(this.graceMs);
    const over = new Promise((resolve) => impatience.addEventListener('abort', resolve));
    await Promise.race([this.exited, over, insisted]);
    this.signal('SIGKILL', -this.pid);
    await this.exited;
  }

  signal(signal, target = this.pid) {
    try {
      process.kill(target, signal);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}
