import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bench } from '../harness/row.js';
import { type Command, machineMs, type Message, type Order, type Outcome } from './messages.js';

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url));
export const WORKERS = 8;
export const CALLERS = 32;
export const MINT_MS = 200;

/** What came of a burst of callers in all processes. */
export interface Burst {
  readonly mints: number;
  /** From the order to the last caller. */
  readonly lastMs: number;
  /** From the first successful mint to each caller of the other processes. */
  readonly wakeUpsMs: readonly number[];
  readonly errors: number;
}

/** Several processes on one Redis and one SQLite file. */
export class Fleet {
  private readonly workers: Worker[] = [];
  private bursts = 0;

  private constructor(private readonly args: readonly string[]) {}

  static async start({ redisUrl, directory, running }: Bench, workers = WORKERS): Promise<Fleet> {
    const fleet = new Fleet([redisUrl, join(directory, 'fleet.sqlite')]);
    running.onStop(() => fleet.workers.forEach((worker) => worker.kill()));
    await Promise.all(Array.from({ length: workers }, () => fleet.add()));
    return fleet;
  }

  /** All callers of all processes ask at once for a token that nobody has. */
  async burst(by: string, { fails = false, mintMs = MINT_MS, callers = CALLERS } = {}): Promise<Burst> {
    const key = this.newKey();
    const startedAt = machineMs();
    const outcomes = await Promise.all(
      this.workers.map((worker) => worker.ask(by, { do: 'burst', key, callers, mintMs, fails })),
    );
    return burstOf(outcomes, startedAt);
  }

  /** The same, and the process that mints dies while it does. Tells how long after that the last of the others had the token. */
  async takeover(by: string, mintMs: number): Promise<number> {
    const key = this.newKey();
    const firstMint = Promise.race(this.workers.map((worker) => worker.minting()));
    const asked = this.workers.map((worker) => ({
      worker,
      outcome: worker.ask(by, { do: 'burst', key, callers: CALLERS, mintMs, fails: false }).catch(() => undefined),
    }));
    const victim = await firstMint;
    const killedAt = machineMs();
    victim.kill();
    this.workers.splice(this.workers.indexOf(victim), 1);
    const survivors = asked.filter(({ worker }) => worker !== victim);
    const outcomes = await Promise.all(survivors.map(({ outcome }) => outcome));
    await this.add();
    return Math.max(...outcomes.flatMap((outcome) => outcome?.endedAt ?? [])) - killedAt;
  }

  /** So many calls in each process for a token that the fleet shares. */
  async hits(by: string, key: string, times: number): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.ask(by, { do: 'hits', key, times })));
  }

  newKey(): string {
    return `key-${++this.bursts}`;
  }

  private async add(): Promise<void> {
    const worker = new Worker(fork(WORKER, this.args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
    this.workers.push(worker);
    await worker.ready;
  }
}

function burstOf(outcomes: readonly Outcome[], startedAt: number): Burst {
  const mintEndedAt = Math.min(...outcomes.flatMap(({ mints }) => mints.map(({ endedAt }) => endedAt)));
  const waiting = outcomes.filter(({ mints }) => mints.length === 0);
  return {
    mints: outcomes.reduce((sum, { mints }) => sum + mints.length, 0),
    lastMs: Math.max(...outcomes.flatMap(({ endedAt }) => endedAt)) - startedAt,
    wakeUpsMs: waiting.flatMap(({ endedAt }) => endedAt.map((at) => at - mintEndedAt)),
    errors: outcomes.reduce((sum, { errors }) => sum + errors, 0),
  };
}

class Worker {
  readonly ready: Promise<void>;
  private readonly pending = new Map<number, { resolve(outcome: Outcome): void; reject(error: Error): void }>();
  private onMinting: () => void = () => {};
  private nextId = 0;

  constructor(private readonly child: ChildProcess) {
    this.ready = once(child, 'message').then(() => undefined);
    child.on('message', (message: Message) => {
      if (message.type === 'minting') this.onMinting();
      else if (message.type === 'done') this.pending.get(message.id)?.resolve(message.outcome);
    });
    child.on('exit', () => this.pending.forEach(({ reject }) => reject(new Error('the worker is gone'))));
  }

  ask(by: string, order: Order): Promise<Outcome> {
    const id = this.nextId++;
    const command: Command = { ...order, id, by };
    this.child.send(command);
    const answer = new Promise<Outcome>((resolve, reject) => this.pending.set(id, { resolve, reject }));
    return answer.finally(() => this.pending.delete(id));
  }

  /** Resolves when it asks its source. */
  minting(): Promise<Worker> {
    return new Promise((resolve) => (this.onMinting = () => resolve(this)));
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}
