import * as nodeFs from 'node:fs/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { exactSum } from './exact-sum.js';
import { type Family } from './family.js';
import { type Incarnation, incarnation } from './incarnation.js';
import { merge } from './merge.js';
import { type FileSystem, SnapshotStore } from './snapshot-store.js';

const root = mkdtempSync(join(tmpdir(), 'cm-store-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const newDirectory = () => mkdtempSync(join(root, 'd-'));

/** Numbers of ms as fractions of seconds, most of which binary numbers cannot hold exactly. */
const milliseconds = fc.nat({ max: 1e6 }).map((amount) => amount / 1000);

let births = 0;
const bear = (slot = 0): Incarnation => incarnation(slot, ++births, 1000 + births);

const counted = (value: number): Family[] => [
  { name: 'x', help: 'h', type: 'counter', aggregator: 'sum', values: [{ labels: {}, value }] },
];

/** The total of a scrape that no worker answers. */
async function total(store: SnapshotStore): Promise<number> {
  const { snapshots, retired } = await store.read();
  const [family] = await merge(
    snapshots.map((snapshot) => ({ ...snapshot, live: false })),
    retired,
  );
  return family?.values[0]?.value ?? 0;
}

type Call = (name: string, run: () => Promise<unknown>) => Promise<unknown>;

/** A file system that passes every call through `call`. */
function intercepted(call: Call): FileSystem {
  const wrapped = ['link', 'readFile', 'readdir', 'rename', 'unlink', 'utimes', 'writeFile'].map((name) => {
    const real = nodeFs[name as keyof FileSystem] as (...args: unknown[]) => Promise<unknown>;
    return [name, (...args: unknown[]) => call(name, () => real(...args))];
  });
  return Object.fromEntries(wrapped) as FileSystem;
}

/** `readFile` that notes the path of each file. */
function recorded(paths: unknown[]): FileSystem['readFile'] {
  return ((...args: Parameters<FileSystem['readFile']>) => {
    paths.push(args[0]);
    return nodeFs.readFile(...args);
  }) as FileSystem['readFile'];
}

/** The file system of a process that is killed after a number of calls: later calls have no effect. */
function killedAfter(calls: number): { fs: FileSystem; killed: Promise<void> } {
  let left = calls;
  let die: () => void;
  const killed = new Promise<void>((resolve) => (die = resolve));
  const fs = intercepted((_name, run) => {
    if (left-- > 0) {
      return run();
    }
    die();
    return new Promise(() => undefined);
  });
  return { fs, killed };
}

describe('SnapshotStore', () => {
  it('holds nothing in an empty directory', async () => {
    expect(await new SnapshotStore(newDirectory()).read()).toEqual({ snapshots: [], retired: [] });
  });

  it('reads back the last snapshot of each incarnation', async () => {
    const store = new SnapshotStore(newDirectory());
    const [a, b] = [bear(), bear()];
    await store.save(a, counted(1));
    await store.save(a, counted(2));
    await store.save(b, counted(40));
    const { snapshots } = await store.read();
    expect(snapshots).toHaveLength(2);
    expect(snapshots).toContainEqual({ worker: a, families: counted(2) });
    expect(await total(store)).toBe(42);
  });

  it('takes the answer of an incarnation for its snapshot, and reads only the snapshots of the others', async () => {
    const read: unknown[] = [];
    const fs = { ...nodeFs, readFile: recorded(read) };
    const [up, silent] = [bear(), bear()];
    const store = new SnapshotStore(newDirectory(), fs);
    await store.save(up, counted(1));
    await store.save(silent, counted(40));
    const { snapshots } = await store.read(new Map([[up.id, counted(2)]]));
    expect(snapshots).toContainEqual({ worker: up, families: counted(2) });
    expect(snapshots).toContainEqual({ worker: silent, families: counted(40) });
    expect(read).toEqual([expect.stringContaining(silent.id)]);
  });

  it('leaves out an answer whose incarnation is in the total already', async () => {
    const store = new SnapshotStore(newDirectory());
    const worker = bear();
    await store.save(worker, counted(1));
    await store.retire([worker]);
    const { snapshots, retired } = await store.read(new Map([[worker.id, counted(1)]]));
    expect([snapshots, retired]).toEqual([[], counted(1)]);
  });

  it('keeps the counts of retired incarnations in one file', async () => {
    const directory = newDirectory();
    const store = new SnapshotStore(directory);
    for (let restart = 0; restart < 5; restart++) {
      const worker = bear();
      await store.save(worker, counted(10));
      await store.retire([worker]);
    }
    expect(await total(store)).toBe(50);
    expect(await nodeFs.readdir(directory)).toEqual(['total-5.json']);
  });

  it('keeps every bit of the total, in any order of retirements', async () => {
    const fractions = fc.array(milliseconds, { minLength: 6, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fractions, fc.shuffledSubarray([0, 1, 2, 3, 4, 5]), async (values, order) => {
        const store = new SnapshotStore(newDirectory());
        const workers = values.map(() => bear());
        await Promise.all(workers.map((worker, i) => store.save(worker, counted(values[i]!))));
        for (const next of order) {
          await store.retire([workers[next]!]);
          expect(await total(store)).toBe(exactSum(values).value);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('removes the socket and the unfinished snapshot of a retired incarnation', async () => {
    const directory = newDirectory();
    const store = new SnapshotStore(directory);
    const worker = bear();
    await store.save(worker, counted(1));
    await nodeFs.writeFile(join(directory, `${worker.id}.sock`), '');
    await nodeFs.writeFile(join(directory, `${worker.id}.tmp`), '[{');
    await store.retire([worker]);
    expect(await nodeFs.readdir(directory)).toEqual(['total-1.json']);
  });

  it('counts an incarnation once if it is retired several times', async () => {
    const store = new SnapshotStore(newDirectory());
    const worker = bear();
    await store.save(worker, counted(1));
    await Promise.all([store.retire([worker]), store.retire([worker]), store.retire([worker])]);
    await store.retire([worker]);
    expect(await total(store)).toBe(1);
  });

  it('throws ENOENT if its directory was removed', async () => {
    await expect(new SnapshotStore(join(root, 'gone')).read()).rejects.toThrow('ENOENT');
  });

  it('neither loses nor doubles a count if the retiring process is killed, at any step', async () => {
    for (let step = 0; ; step++) {
      const directory = newDirectory();
      const store = new SnapshotStore(directory);
      const [first, second, third] = [bear(), bear(), bear()];
      await store.save(first, counted(1));
      await store.retire([first]);
      await store.save(second, counted(20));
      await store.save(third, counted(300));

      const { fs, killed } = killedAfter(step);
      const retired = new SnapshotStore(directory, fs).retire([second]).then(() => 'done');
      const outcome = await Promise.race([killed, retired]);
      expect(await total(store)).toBe(321);

      await store.retire([second, third]);
      expect(await total(store)).toBe(321);
      if (outcome === 'done') {
        break;
      }
    }
  });

  it('gives a retirement up if other processes are two totals ahead and its number is free again', async () => {
    const directory = newDirectory();
    const store = new SnapshotStore(directory);
    const [late, second, third] = [bear(), bear(), bear()];
    await store.save(late, counted(1));
    await store.save(second, counted(20));
    await store.save(third, counted(300));
    const overtaken = intercepted(async (name, run) => {
      if (name === 'link') {
        await store.retire([second]);
        await store.retire([third]);
      }
      return run();
    });
    await new SnapshotStore(directory, overtaken).retire([late]);
    expect(await total(store)).toBe(321);
    await store.retire([late]);
    expect(await total(store)).toBe(321);
    expect(await nodeFs.readdir(directory)).toEqual(['total-3.json']);
  });

  it('gives readers one consistent total, in any interleaving of reads, saves and retirements', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const directory = newDirectory();
        const plain = new SnapshotStore(directory);
        const [a, b, c, d] = [bear(), bear(), bear(), bear()];
        await plain.save(a, counted(1));
        await plain.retire([a]);
        await plain.save(b, counted(20));
        await plain.save(c, counted(300));
        await plain.save(d, counted(4000));

        const slow = () =>
          new SnapshotStore(
            directory,
            intercepted((name, run) => scheduler.schedule(Promise.resolve(), name).then(run)),
          );
        const [one, two, three] = [slow(), slow(), slow()];
        const reads: number[] = [];
        const read = async (store: SnapshotStore) => void reads.push(await total(store));
        await scheduler.waitFor(
          Promise.all([
            one
              .retire([b])
              .then(() => one.retire([c]))
              .then(() => one.retire([d])),
            two.retire([b, c]).then(() => read(two)),
            three.retire([c]),
            read(slow()).then(() => read(plain)),
          ]),
        );
        reads.push(await total(plain));
        await plain.retire([b, c, d]);
        reads.push(await total(plain));
        expect(reads).toEqual(reads.map(() => 4321));
        rmSync(directory, { recursive: true });
      }),
      { numRuns: 60 },
    );
  });
});

/** A model of an application whose workers follow a list of random events. */
class Application {
  private readonly store: SnapshotStore;
  private readonly live = new Map<number, { worker: Incarnation; count: number; saved: number }>();
  private dead: Incarnation[] = [];
  private told = 0;
  /** What the killed workers had saved: exactly this must remain of them. */
  private legacy: number[] = [];

  constructor(private readonly directory: string) {
    this.store = new SnapshotStore(directory);
  }

  async start(slot: number): Promise<void> {
    if (!this.live.has(slot)) {
      const process = { worker: bear(slot), count: 0, saved: 0 };
      await this.store.save(process.worker, counted(0));
      this.live.set(slot, process);
    }
  }

  async count(slot: number, amount: number): Promise<void> {
    const process = this.live.get(slot);
    if (process) {
      process.count += amount;
    }
  }

  async save(slot: number): Promise<void> {
    const process = this.live.get(slot);
    if (process) {
      await this.store.save(process.worker, counted(process.count));
      process.saved = process.count;
    }
  }

  async kill(slot: number): Promise<void> {
    const process = this.live.get(slot);
    if (process) {
      this.live.delete(slot);
      this.dead.push(process.worker);
      this.legacy.push(process.saved);
    }
  }

  /** All workers save and answer, except those that are stuck. */
  async scrape(stuck: number[]): Promise<void> {
    const answering = [...this.live].filter(([slot]) => !stuck.includes(slot));
    for (const [slot] of answering) {
      await this.save(slot);
    }
    const { snapshots, retired } = await this.store.read();
    const contributions = snapshots.map((snapshot) => ({ ...snapshot, live: false }));
    const [family] = await merge(contributions, retired);
    const value = family?.values[0]?.value ?? 0;
    expect(value).toBeGreaterThanOrEqual(this.told);
    expect(value).toBe(exactSum([...this.legacy, ...[...this.live.values()].map(({ saved }) => saved)]).value);
    this.told = value;
  }

  async retire(killedAtStep: number): Promise<void> {
    const { fs, killed } = killedAfter(killedAtStep);
    await Promise.race([killed, new SnapshotStore(this.directory, fs).retire(this.dead)]);
  }
}

const slot = fc.nat({ max: 2 });
const event = fc.oneof(
  slot.map((at) => (app: Application) => app.start(at)),
  fc.tuple(slot, milliseconds).map(
    ([at, by]) =>
      (app: Application) =>
        app.count(at, by),
  ),
  slot.map((at) => (app: Application) => app.save(at)),
  slot.map((at) => (app: Application) => app.kill(at)),
  fc.array(slot, { maxLength: 2 }).map((stuck) => (app: Application) => app.scrape(stuck)),
  fc.nat({ max: 40 }).map((step) => (app: Application) => app.retire(step)),
);

describe('SnapshotStore and merge', () => {
  it('report a total that never falls and is the sum of what was saved, over random restarts, kills, scrapes and killed retirements', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 10, maxLength: 60 }), async (events) => {
        const app = new Application(newDirectory());
        for (const happen of events) {
          await happen(app);
        }
        await app.scrape([]);
      }),
      { numRuns: 60 },
    );
  });
});
