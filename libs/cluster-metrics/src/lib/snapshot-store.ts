import { randomUUID } from 'node:crypto';
import * as nodeFs from 'node:fs/promises';
import { join } from 'node:path';
import { decode, encode, type Family } from './family.js';
import { type Incarnation, newestFirst, parseIncarnation } from './incarnation.js';
import { sumFamilies } from './sum.js';

/** What the workers have on disk. */
export interface StoredMetrics {
  /** Last snapshots of the incarnations that are not in the total, or what they answered instead. */
  snapshots: Snapshot[];
  /** Total of the incarnations that ended and were retired. */
  retired: Family[];
}

/** What one incarnation had counted when it last saved. */
export interface Snapshot {
  worker: Incarnation;
  families: Family[];
}

/** What all retired incarnations have counted. */
interface Total {
  /** 0 before the first retirement, then rising by one. */
  number: number;
  /** Ids of the incarnations added last. Their own files, if they still exist, no longer count. */
  contains: string[];
  families: Family[];
}

/** The functions of `node:fs/promises` that the store uses. */
export type FileSystem = Pick<
  typeof nodeFs,
  'link' | 'readFile' | 'readdir' | 'rename' | 'unlink' | 'utimes' | 'writeFile'
>;

/**
 * The files of one application: a snapshot per incarnation (`<id>.json`), and one total (`total-<n>.json`) of the
 * incarnations that ended, so that restarts do not pile up files.
 *
 * The protocol needs no lock, so a killed process cannot leave one behind:
 *
 * - A total is never changed. A retirement writes total n + 1 beside total n. link(2) refuses an existing name, so only one
 *   process can create it.
 * - A total names the incarnations that it added. Its creation is therefore the one atomic step that moves them from their
 *   own files into the total. A process killed before that step has changed nothing. A process killed after it leaves files
 *   that no longer count, and the next retirement removes them.
 * - A reader that finds the same total number before and after reading has read one consistent state.
 */
export class SnapshotStore {
  constructor(
    private readonly directory: string,
    private readonly fs: FileSystem = nodeFs,
  ) {}

  /** Replaces the snapshot of an incarnation. The first snapshot announces it to the other workers. */
  async save({ id }: Incarnation, families: Family[]): Promise<void> {
    await this.fs.writeFile(this.pathOf(`${id}.tmp`), encode(families));
    await this.fs.rename(this.pathOf(`${id}.tmp`), this.pathOf(`${id}.json`));
  }

  /** The incarnations that have a snapshot. */
  async incarnations(): Promise<Incarnation[]> {
    const files = await this.fs.readdir(this.directory);
    return files.flatMap((file) => (file.endsWith('.json') && parseIncarnation(file.slice(0, -5))) || []);
  }

  /**
   * What all incarnations have counted since the daemon started. Each is in `snapshots` or in `retired`, never in both.
   *
   * @param answers what incarnations answered just now, by id: it takes the place of their snapshots, which are not read
   */
  async read(answers: ReadonlyMap<string, Family[]> = new Map()): Promise<StoredMetrics> {
    for (;;) {
      const number = await this.latest();
      const stored = await this.readAt(number, answers).catch(undefinedIfMissing);
      if (stored && number === (await this.latest())) {
        return stored;
      }
    }
  }

  /**
   * Moves the snapshots of incarnations into the total. Does nothing if another process does the same at the same time.
   *
   * @param gone incarnations whose process has ended: their snapshots are final
   */
  async retire(gone: Incarnation[]): Promise<void> {
    if (gone.length > 0) {
      // A missing file means that another process has retired the same incarnations.
      await this.tryToRetire(gone).catch(undefinedIfMissing);
    }
  }

  private async tryToRetire(gone: Incarnation[]): Promise<void> {
    const total = await this.readTotal(await this.latest());
    // The next total no longer names these incarnations: their files would count again if they still existed.
    await this.removeFilesOf(total.contains);
    const present = new Set((await this.incarnations()).map(({ id }) => id));
    const leaving = gone.filter(({ id }) => present.has(id)).sort(newestFirst);
    if (leaving.length > 0 && (await this.publish(await this.add(leaving, total)))) {
      await this.removeFilesOf(leaving.map(({ id }) => id));
      await this.removeTotalsBefore(total.number + 1);
    }
  }

  private async add(leaving: Incarnation[], { number, families }: Total): Promise<Total> {
    const snapshots = await Promise.all(leaving.map((worker) => this.readSnapshot(worker)));
    const contains = leaving.map(({ id }) => id);
    return { number: number + 1, contains, families: sumFamilies([...snapshots, families]) };
  }

  /** @returns false if another process created this number first: then this total is void */
  private async publish({ number, contains, families }: Total): Promise<boolean> {
    const draft = this.pathOf(`total-${number}.${randomUUID()}.tmp`);
    await this.fs.writeFile(draft, `${JSON.stringify(contains)}\n${encode(families)}`);
    try {
      await this.fs.link(draft, this.totalPath(number));
    } catch (error) {
      return falseIfExists(error);
    } finally {
      await this.fs.unlink(draft).catch(undefinedIfMissing);
    }
    // link(2) also succeeds if other processes are already past this number and have removed it. Their latest total then
    // shows in the listing: a directory this small is read in one system call.
    return (await this.latest()) === number;
  }

  private async readAt(number: number, answers: ReadonlyMap<string, Family[]>): Promise<StoredMetrics> {
    const { contains, families } = await this.readTotal(number);
    const counted = (await this.incarnations()).filter(({ id }) => !contains.includes(id));
    const snapshots = counted.map(async (worker) => ({
      worker,
      families: answers.get(worker.id) ?? (await this.readSnapshot(worker)),
    }));
    return { snapshots: await Promise.all(snapshots), retired: families };
  }

  private async readTotal(number: number): Promise<Total> {
    if (number === 0) {
      return { number, contains: [], families: [] };
    }
    const [contains, families] = (await this.fs.readFile(this.totalPath(number), 'utf8')).split('\n');
    // Systems remove old files from temporary directories, and no write touches this one while all workers live.
    await this.fs.utimes(this.totalPath(number), new Date(), new Date());
    return { number, contains: JSON.parse(contains!) as string[], families: decode(families!) };
  }

  private async readSnapshot({ id }: Incarnation): Promise<Family[]> {
    return decode(await this.fs.readFile(this.pathOf(`${id}.json`), 'utf8'));
  }

  private async latest(): Promise<number> {
    return Math.max(0, ...(await this.totals()).map(({ number }) => number));
  }

  private async totals(): Promise<{ file: string; number: number }[]> {
    const files = await this.fs.readdir(this.directory);
    return files.flatMap((file) => {
      const number = /^total-(\d+)\.json$/.exec(file)?.[1];
      return number === undefined ? [] : { file, number: Number(number) };
    });
  }

  private async removeTotalsBefore(latest: number): Promise<void> {
    const old = (await this.totals()).filter(({ number }) => number < latest);
    await this.remove(old.map(({ file }) => file));
  }

  private async removeFilesOf(ids: string[]): Promise<void> {
    await this.remove(ids.flatMap((id) => [`${id}.json`, `${id}.sock`, `${id}.tmp`]));
  }

  private async remove(files: string[]): Promise<void> {
    await Promise.all(files.map((file) => this.fs.unlink(this.pathOf(file)).catch(undefinedIfMissing)));
  }

  private totalPath(number: number): string {
    return this.pathOf(`total-${number}.json`);
  }

  private pathOf(file: string): string {
    return join(this.directory, file);
  }
}

function undefinedIfMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') {
    throw error;
  }
}

function falseIfExists(error: unknown): false {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
    throw error;
  }
  return false;
}
