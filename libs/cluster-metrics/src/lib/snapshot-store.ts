import { randomUUID } from 'node:crypto';
import * as nodeFs from 'node:fs/promises';
import { join } from 'node:path';
import { decode, encode, type Family } from './family.js';
import { type Incarnation, newestFirst, parseIncarnation } from './incarnation.js';
import { sumFamilies } from './sum.js';

/** What the workers have on disk: their last snapshots, and the total of those long gone. */
export interface StoredMetrics {
  snapshots: Snapshot[];
  retired: Family[];
}

/** What a worker had counted when it last saved. */
export interface Snapshot {
  worker: Incarnation;
  families: Family[];
}

/** What workers that are gone counted. */
interface Total {
  number: number;
  /** The incarnations added last; their own files, if still there, no longer count. */
  contains: string[];
  families: Family[];
}

export type FileSystem = Pick<
  typeof nodeFs,
  'link' | 'readFile' | 'readdir' | 'rename' | 'unlink' | 'utimes' | 'writeFile'
>;

/**
 * The files of one application: a snapshot per incarnation (`<id>.json`), and one total (`total-<n>.json`) of those that
 * are gone, so that restarts do not pile up files.
 *
 * There is no lock, hence none to be left behind. A total is never changed: its successor is put beside it, and of all who
 * try, one alone can create number n + 1 (link(2) refuses an existing name). Its appearance is the single atomic step that
 * moves incarnations from their own files into the total, for it names them: whoever is killed before has changed nothing,
 * whoever is killed after leaves files that no longer count, and the next one removes them. A reader that finds the same
 * number before and after has seen one state.
 */
export class SnapshotStore {
  constructor(
    private readonly directory: string,
    private readonly fs: FileSystem = nodeFs,
  ) {}

  /** Replaces the snapshot of an incarnation. Its first one announces it to the others. */
  async save({ id }: Incarnation, families: Family[]): Promise<void> {
    await this.fs.writeFile(this.pathOf(`${id}.tmp`), encode(families));
    await this.fs.rename(this.pathOf(`${id}.tmp`), this.pathOf(`${id}.json`));
  }

  /** The incarnations that have a snapshot. */
  async incarnations(): Promise<Incarnation[]> {
    const files = await this.fs.readdir(this.directory);
    return files.flatMap((file) => (file.endsWith('.json') && parseIncarnation(file.slice(0, -5))) || []);
  }

  /** What all incarnations that ever were have counted: each is in `snapshots` or in `retired`, and never in both. */
  async read(): Promise<StoredMetrics> {
    for (;;) {
      const number = await this.latest();
      const stored = await this.readAt(number).catch(undefinedIfMissing);
      if (stored && number === (await this.latest())) {
        return stored;
      }
    }
  }

  /**
   * Moves the snapshots of incarnations into the total.
   *
   * @param gone incarnations whose process has ended, so that their snapshots are final
   */
  async retire(gone: Incarnation[]): Promise<void> {
    if (gone.length > 0) {
      // A missing file means that someone else is at it, and ahead of us.
      await this.tryToRetire(gone).catch(undefinedIfMissing);
    }
  }

  private async tryToRetire(gone: Incarnation[]): Promise<void> {
    const total = await this.readTotal(await this.latest());
    // Removed before they are forgotten, or they would count again.
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

  /** @returns false if someone else was faster: then this total is void */
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
    // The name is free again where others have gone two numbers ahead and removed theirs; a directory this small is listed in
    // one system call, so their latest is seen.
    return (await this.latest()) === number;
  }

  private async readAt(number: number): Promise<StoredMetrics> {
    const { contains, families } = await this.readTotal(number);
    const counted = (await this.incarnations()).filter(({ id }) => !contains.includes(id));
    const snapshots = counted.map(async (worker) => ({ worker, families: await this.readSnapshot(worker) }));
    return { snapshots: await Promise.all(snapshots), retired: families };
  }

  private async readTotal(number: number): Promise<Total> {
    if (number === 0) {
      return { number, contains: [], families: [] };
    }
    const [contains, families] = (await this.fs.readFile(this.totalPath(number), 'utf8')).split('\n');
    // Nothing else touches this file for as long as all workers live, and temporary directories are swept by age.
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
