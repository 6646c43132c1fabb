import { type Exit, type NodeProcess, startNode, waitFor } from '@mintonce/test-support';
import { join, resolve } from 'node:path';
import { type LineLink } from './line-link.js';
import { type Command, type Message, type Report, type Request, type WorkerSettings } from './messages.js';
import { monotonicMs } from './monotonic.js';

const MAIN = join(resolve(__dirname, '..'), 'dist/worker/main.js');

export type WorkerLink = LineLink<Message, Request>;

/** One process of the fleet: Node runs the built library, without anything of the tests in it. */
export class WorkerProcess {
  /** Nothing as long as nobody ended it; what ends otherwise has crashed. */
  endedBy?: 'kill' | 'stop';
  /** When somebody ended it last. */
  lastEndedAt = -Infinity;
  /** How long it was stopped in all (SIGSTOP). */
  pausedMs = 0;
  private pausedAt?: number;
  private link?: WorkerLink;
  private node?: NodeProcess;
  private nextId = 0;
  private readonly pending = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();

  constructor(
    private readonly settings: WorkerSettings,
    private readonly env: NodeJS.ProcessEnv = {},
  ) {}

  get name(): string {
    return this.settings.name;
  }

  get pid(): number {
    return this.process.pid;
  }

  get isRunning(): boolean {
    return this.process.running && this.endedBy === undefined;
  }

  /** Runs, and is not stopped. */
  get isAwake(): boolean {
    return this.isRunning && this.pausedAt === undefined;
  }

  output(): string {
    return this.process.output();
  }

  /** Starts it, or starts it again; resolves when it obeys. */
  async start(): Promise<void> {
    this.link = undefined;
    this.endedBy = undefined;
    this.node = await startNode(MAIN, { env: { ...this.env, CHAOS_WORKER: JSON.stringify(this.settings) } });
    await waitFor(() => this.link !== undefined || !this.process.running);
    if (!this.link) throw new Error(`${this.name} did not start:\n${this.output()}`);
  }

  /** Its link to the fleet is there. */
  attach(link: WorkerLink): void {
    this.link = link;
    link.onClosed(() => {
      for (const { reject } of this.pending.values()) reject(new Error(`${this.name} is gone`));
      this.pending.clear();
    });
  }

  ask(command: { do: 'report' }): Promise<Report>;
  ask(command: { do: 'invalidate'; key: string; times: number }): Promise<number>;
  ask(command: Command): Promise<unknown>;
  ask(command: Command): Promise<unknown> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.link?.send({ ...command, id });
    });
  }

  /** It has done what it was asked. */
  done({ id, result, error }: Extract<Message, { type: 'done' }>): void {
    const asked = this.pending.get(id);
    this.pending.delete(id);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(`${this.name}: ${error}`));
  }

  pause(): void {
    this.pausedAt = monotonicMs();
    this.process.signal('SIGSTOP');
  }

  resume(): void {
    this.process.signal('SIGCONT');
    this.pausedMs += monotonicMs() - (this.pausedAt ?? monotonicMs());
    this.pausedAt = undefined;
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.endedBy = 'kill';
    this.lastEndedAt = monotonicMs();
    await this.process.kill();
  }

  /** SIGTERM: an orderly end. */
  async stop(): Promise<Exit> {
    this.endedBy = 'stop';
    this.lastEndedAt = monotonicMs();
    this.process.signal('SIGCONT');
    return await this.process.stop();
  }

  private get process(): NodeProcess {
    if (!this.node) throw new Error(`${this.name} was not started`);
    return this.node;
  }
}
