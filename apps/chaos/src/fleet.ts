import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { type IdentityProviderClient, startDemo } from '@mintonce/demo';
import { startTogether, temporaryDirectory, waitFor } from '@mintonce/test-support';
import { History } from './history.js';
import { HoldUps } from './hold-ups.js';
import { LineLink } from './line-link.js';
import { type Message, type ModuleOptions, type Request, type StoreSettings } from './messages.js';
import { monotonicMs } from './monotonic.js';
import { Trial, type TriedFleet } from './trial.js';
import { Witness } from './witness.js';
import { WorkerProcess } from './worker-process.js';

export const WORKERS = 8;
const CLIENT_SECRET = 'chaos-secret';

/** Short leases, so that a test need not wait for long; the rest of the policy is the library's own. */
export const LEASE_MS = 1_000;
export const POLICY = { leaseMs: LEASE_MS, mintTimeoutMs: 6_000, waitTimeoutMs: 8_000 } satisfies ModuleOptions;

export interface FleetOptions {
  /** Where the tokens of that worker are shared. */
  store: (worker: number) => StoreSettings;
  /** @defaultValue 8 */
  workers?: number;
  /** Added to the environment of that worker. @defaultValue nothing */
  env?: (worker: number) => NodeJS.ProcessEnv;
  /** Of the module in each worker, laid over `POLICY`. */
  options?: ModuleOptions;
  /** Says what is wrong with the store after a trial: the keys that would never end, for instance. */
  inspect?: () => Promise<string[]>;
}

/** Real processes that share one store and one client of a real authorization server, with a witness in between. */
export class Fleet implements TriedFleet {
  readonly history = new History();
  private readonly holdUps = new HoldUps();
  /** Of this test under its own name, and of each worker: the total when it was last asked for. */
  private readonly heldUpBefore = new Map<string, number>();
  private trials = 0;

  private constructor(
    readonly workers: readonly WorkerProcess[],
    readonly idp: IdentityProviderClient,
    readonly witness: Witness,
    readonly policy: ModuleOptions & typeof POLICY,
    readonly inspect: () => Promise<string[]>,
    private readonly end: () => Promise<void>,
  ) {}

  static start({
    store,
    workers = WORKERS,
    env = () => ({}),
    options = {},
    inspect = async () => [],
  }: FleetOptions): Promise<Fleet> {
    return startTogether(async (running) => {
      const directory = temporaryDirectory();
      running.onStop(() => directory.remove());
      const { idp } = running.add(await startDemo({ clientSecret: CLIENT_SECRET }));
      const witness = running.add(await Witness.before(idp.issuer));
      const socketPath = join(directory.path, 'fleet.sock');
      const processes = Array.from({ length: workers }, (_, index) => {
        const name = `w${index}`;
        const tokenEndpoint = witness.endpointFor(name);
        const own = { name, socketPath, tokenEndpoint, clientSecret: CLIENT_SECRET };
        return new WorkerProcess({ ...own, store: store(index), options: { ...POLICY, ...options } }, env(index));
      });
      const fleet = new Fleet(processes, idp, witness, { ...POLICY, ...options }, inspect, () => running.stop());
      const server = await fleet.listen(socketPath);
      running.onStop(() => server.close());
      running.onStop(() => Promise.all(processes.map((worker) => worker.stop())));
      await Promise.all(processes.map((worker) => worker.start()));
      return fleet;
    });
  }

  /** Those that run and are not stopped. */
  get awake(): readonly WorkerProcess[] {
    return this.workers.filter(({ isAwake }) => isAwake);
  }

  /** A key that nobody asked for yet, in calm weather: the provider well, every worker running and in touch with its store. */
  async trial(): Promise<Trial> {
    await this.idp.calm();
    await Promise.all(this.workers.filter(({ isRunning }) => !isRunning).map((worker) => worker.start()));
    await this.untilStoreIsBack();
    await this.heldUpMs();
    return new Trial(this, `https://api.example/${++this.trials}`);
  }

  /** Resolves when every worker that is awake can write to its store again, with the time that it took. */
  async untilStoreIsBack(workers = this.awake): Promise<number> {
    const since = monotonicMs();
    for (const worker of workers) {
      await waitFor(async () => (await worker.ask({ do: 'report' })).storeAvailable, {
        description: `${worker.name} to be in touch with its store`,
      });
    }
    return monotonicMs() - since;
  }

  /**
   * How long this test and the two workers that were worst off were held up since the last time: what the machine adds to anything
   * that goes from a worker through the witness, which is here, to another one.
   */
  async heldUpMs(): Promise<number> {
    const workers = await Promise.all(
      this.awake.map(async (worker) => this.sinceBefore(worker.name, (await worker.ask({ do: 'report' })).heldUpMs)),
    );
    const [worst = 0, second = 0] = workers.sort((one, other) => other - one);
    return this.sinceBefore('this test', this.holdUps.totalMs) + worst + second;
  }

  /** Resolves when the condition holds. */
  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    await waitFor(condition, { intervalMs: 5 });
  }

  worker(name: string): WorkerProcess {
    const worker = this.workers.find((candidate) => candidate.name === name);
    if (!worker) throw new Error(`There is no ${name}`);
    return worker;
  }

  /** Ends all that was started. */
  stop(): Promise<void> {
    this.holdUps.stop();
    return this.end();
  }

  /** A worker that was started anew counts from zero. */
  private sinceBefore(name: string, totalMs: number): number {
    const before = this.heldUpBefore.get(name) ?? 0;
    this.heldUpBefore.set(name, totalMs);
    return totalMs < before ? totalMs : totalMs - before;
  }

  private async listen(socketPath: string): Promise<Server> {
    const server = createServer((socket) => {
      const link = new LineLink<Message, Request>(socket);
      let worker: WorkerProcess | undefined;
      link.onMessage((message) => {
        if (message.type === 'hello') {
          worker = this.worker(message.name);
          worker.attach(link);
        } else if (message.type === 'done') worker?.done(message);
        else if (worker) this.history.note(worker.name, message);
      });
    });
    server.listen(socketPath);
    await once(server, 'listening');
    return server;
  }
}
