import { builtLibrary } from './library.js';
import { expectToFit, LibraryCopy } from './library-copy.js';
import { type Mutation } from './mutations.js';
import { Player } from './player.js';
import { replayCommand } from './replay-command.js';
import { SCHEDULE_SEED } from './schedules.js';

/** What became of one defect. It is found when a promise breaks, and not when the library or the simulation falls over it. */
export interface Hunt {
  readonly name: string;
  readonly isFound: boolean;
  /** A seed that it shows in. */
  readonly seed?: number;
  readonly invariant?: string;
  readonly detail?: string;
  /** What it died of instead of a broken promise. */
  readonly diedOf?: string;
  readonly replay?: string;
}

const AT_ONCE = 2;

/** Hunts each defect in a thread: a mutant may well hang. */
export async function huntMutations(mutations: readonly Mutation[], seeds: number): Promise<Hunt[]> {
  expectToFit(mutations);
  const hunts: Hunt[] = [];
  const left = mutations.map((mutation, index) => ({ mutation, index }));
  const intact = new IntactLibrary();
  const work = async (): Promise<void> => {
    const player = new Player();
    const copy = new LibraryCopy();
    try {
      for (let next = left.shift(); next; next = left.shift())
        hunts[next.index] = await hunt(next.mutation, { library: copy.with(next.mutation), seeds, player, intact });
    } finally {
      await player.close();
      copy.remove();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return hunts;
}

/** The library without a defect: a seed that breaks it shows nothing of one. Many defects ask of the same run, which is played once. */
class IntactLibrary {
  private readonly known = new Map<string, boolean>();

  async breaks(seed: number, faults: Mutation['faults'], player: Player): Promise<boolean> {
    const run = JSON.stringify({ seed, faults });
    const breaks =
      this.known.get(run) ?? (await player.play({ library: builtLibrary(), seed, faults })).breach !== undefined;
    this.known.set(run, breaks);
    return breaks;
  }
}

/** Where a defect is hunted, and with what. */
interface Ground {
  /** The build that has it. */
  readonly library: string;
  /** The seeds that are tried, from 1 on. */
  readonly seeds: number;
  readonly player: Player;
  readonly intact: IntactLibrary;
}

async function hunt(mutation: Mutation, ground: Ground): Promise<Hunt> {
  const { name, schedule } = mutation;
  const search = () => (schedule === undefined ? firstBroken(mutation, ground) : played(schedule, ground));
  try {
    // The thread may have died of what the defect before left in it.
    const found = await search().catch(search);
    return { name, isFound: false, ...found };
  } catch (error) {
    return { name, isFound: false, diedOf: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

/** What the first seed shows in which a promise breaks, and does not break without the defect. */
async function firstBroken({ name, faults, seed: shown = 1 }: Mutation, { library, seeds, player, intact }: Ground) {
  for (const seed of [shown, ...Array.from({ length: seeds }, (_, index) => index + 1)]) {
    const { breach, crash } = await player.play({ library, seed, faults, watchesCrashes: true });
    if (!breach || (await intact.breaks(seed, faults, player))) continue;
    const replay = replayCommand({ mutation: name, seed, fault: faults });
    return { isFound: crash === undefined, seed, ...breach, ...(crash !== undefined && { diedOf: crash }), replay };
  }
  return {};
}

/** What a schedule shows, which the library as it is survives by a test of its own. */
async function played(schedule: string, { library, player }: Ground) {
  const { breach, crash } = await player.play({ library, seed: SCHEDULE_SEED, schedule, watchesCrashes: true });
  const replay = replayCommand({ schedule });
  const isFound = breach !== undefined && crash === undefined;
  return { isFound, ...breach, ...(crash !== undefined && { diedOf: crash }), replay };
}
