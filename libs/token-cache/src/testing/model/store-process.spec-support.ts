import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  type Acquired,
  type Attempt,
  type Lease,
  type Offered,
  type Peeked,
  type Rejection,
  type RejectionVerdict,
  type TokenStore,
} from '../../core/contract/token-store.js';

/** One call of a store as a process saw it; instants in ms on the clock that all processes of a machine share. */
export type RecordedCall = { process: number; calledAt: number; answeredAt: number } & (
  | { method: 'acquire'; args: [attempt: Attempt]; answer: Acquired }
  | { method: 'peek'; args: []; answer: Peeked }
  | { method: 'renew'; args: [lease: Lease]; answer: boolean }
  | {
      method: 'commit';
      args: [lease: Lease, payload: string, ttlMs: number];
      answer: Awaited<ReturnType<TokenStore['commit']>>;
    }
  | { method: 'fail'; args: unknown[] & [lease: Lease]; answer: boolean }
  | { method: 'offer'; args: [generation: number, payload: string, ttlMs: number]; answer: Offered }
  | { method: 'invalidate'; args: [rejection: Rejection]; answer: RejectionVerdict }
  | { method: 'purge' | 'purgeGroup'; args: []; answer: number }
);

/** A child process with a store of the built library. */
export class StoreProcess {
  readonly #child: ChildProcess;
  readonly #open = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  #calls = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', ({ id, answer, error }: { id: number; answer?: unknown; error?: string }) => {
      const call = this.#open.get(id);
      this.#open.delete(id);
      if (error === undefined) call?.resolve(answer);
      else call?.reject(new Error(error));
    });
    child.on('exit', () => this.#open.forEach(({ reject }) => reject(new Error('The process ended'))));
  }

  /** @param where a socket of Redis, or a file for SQLite */
  static async start(kind: 'redis' | 'sqlite', where: string, namespace: string): Promise<StoreProcess> {
    const child = fork(join(__dirname, 'store-process.mjs'), [kind, where, namespace], {
      execArgv: [],
      serialization: 'advanced',
    });
    await once(child, 'message');
    return new StoreProcess(child);
  }

  /** The store in that process. `now` is the time there in ms; the system's time if it returns undefined. */
  store(now: () => number | undefined = () => undefined): TokenStore {
    const call =
      (method: keyof TokenStore) =>
      <T>(...args: unknown[]): Promise<T> =>
        this.#ask({ command: 'call', method, args, now: now() });
    return {
      peek: call('peek'),
      acquire: call('acquire'),
      renew: call('renew'),
      commit: call('commit'),
      fail: call('fail'),
      offer: call('offer'),
      invalidate: call('invalidate'),
      purge: call('purge'),
      purgeGroup: call('purgeGroup'),
      ping: call('ping'),
      close: call('close'),
    };
  }

  /** Contends for one key with the other processes; gives the history of its calls. */
  contend(keyId: string, calls: number): Promise<RecordedCall[]> {
    return this.#ask({ command: 'contend', keyId, calls });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #ask<T>(order: object): Promise<T> {
    return new Promise((resolve, reject) => {
      const id = ++this.#calls;
      this.#open.set(id, { resolve, reject });
      this.#child.send({ id, ...order });
    });
  }
}
