import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type IdentityProviderClient, startDemo } from '@mintonce/demo';
import { type RunningParts, temporaryDirectory } from '@mintonce/test-support';
import { Fleet } from './fleet.js';
import { type Settings } from './flags.js';
import { type Side, type WorkerSettings } from './messages.js';
import { mintsOf, type SideSoFar, type Telling } from './telling.js';

const CALL_EVERY_MS = 20;
const LOOK_EVERY_MS = 1_000;
/** How long the last mints may take to be counted. */
const SETTLE_MS = 3_000;

/** Starts all processes, and then tells how it goes once a second until the time is over. */
export class Story {
  private constructor(
    private readonly settings: Settings,
    private readonly lifeS: number,
    private readonly idp: IdentityProviderClient,
    private readonly sides: readonly [own: [Side, Fleet], shared: [Side, Fleet]],
  ) {}

  /** Whatever it starts it adds to `running` at once. */
  static async begin(settings: Settings, running: RunningParts): Promise<Story> {
    const directory = temporaryDirectory();
    running.onStop(() => directory.remove());
    const clientSecret = randomUUID();
    const { idp } = running.add(await startDemo({ clientSecret }));
    // A dozen lifetimes and more, whatever the length of the story.
    const lifeS = Math.max(2, Math.floor(settings.seconds / 12));
    await idp.configure({ tokenLifetimeMs: lifeS * 1_000 });
    const start = (side: Side): [Side, Fleet] => {
      const worker: WorkerSettings = { side, issuer: idp.issuer, clientSecret, everyMs: CALL_EVERY_MS };
      return [side, running.add(Fleet.of(settings.workers, worker))];
    };
    const own = start({ name: 'own', clientId: 'demo', clientAuth: 'client_secret_basic' });
    const path = join(directory.path, 'tokens.sqlite');
    const shared = start({ name: 'shared', clientId: 'demo-post', clientAuth: 'client_secret_post', path });
    await Promise.all([own, shared].map(([, fleet]) => fleet.ready()));
    return new Story(settings, lifeS, idp, [own, shared]);
  }

  /** The last telling is of what was there when every call was answered. */
  async *tell(): AsyncGenerator<Telling> {
    const beganAt = Date.now();
    const endsAt = performance.now() + this.settings.seconds * 1_000;
    this.order('go');
    while (performance.now() < endsAt) {
      await sleep(Math.min(LOOK_EVERY_MS, endsAt - performance.now()));
      yield await this.soFar(beganAt);
    }
    this.order('rest');
    yield await this.settled(beganAt);
  }

  private order(order: 'go' | 'rest'): void {
    for (const [, fleet] of this.sides) fleet.order(order);
  }

  /** Both accounts agree once the workers have told of their last mints. */
  private async settled(beganAt: number): Promise<Telling> {
    const deadline = performance.now() + SETTLE_MS;
    let told = await this.soFar(beganAt);
    while ([told.own, told.shared].some((side) => !agrees(side)) && performance.now() < deadline) {
      await sleep(100);
      told = await this.soFar(beganAt);
    }
    return told;
  }

  private async soFar(beganAt: number): Promise<Telling> {
    const { calls } = await this.idp.stats();
    const { seconds, workers } = this.settings;
    const [own, shared] = this.sides.map(([{ clientId }, { counters, failed }]): SideSoFar => ({
      mintedAtS: mintsOf(calls, clientId, beganAt),
      counters,
      failed,
    })) as [SideSoFar, SideSoFar];
    const elapsedS = Math.min(seconds, (Date.now() - beganAt) / 1_000);
    return { seconds, elapsedS, workers, lifeS: this.lifeS, callEveryMs: CALL_EVERY_MS, own, shared };
  }
}

function agrees({ mintedAtS, counters }: SideSoFar): boolean {
  return counters.token_mint_count === mintedAtS.length;
}
