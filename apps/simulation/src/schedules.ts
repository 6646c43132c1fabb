import { DEFAULT_POLICY, type Token } from '@mintonce/token-cache';
import { type Fault } from './fault.js';
import { type Forecast } from './forecast.js';
import { type Process } from './process.js';
import { REQUESTS } from './requests.js';
import { type Script } from './simulate.js';
import { type Disturbance } from './weather.js';
import { type World } from './world.js';

/** An order of events that is known to break locks and caches. */
export interface Schedule extends Script {
  readonly name: string;
  readonly promises: readonly number[];
  /** Who it broke, or who described it. */
  readonly origin: string;
}

/** The seed of jitter and delays: a schedule leaves nothing else to chance. */
export const SCHEDULE_SEED = 1;

const [REQUEST] = REQUESTS as [(typeof REQUESTS)[number]];
const { leaseMs } = DEFAULT_POLICY;

const QUIET: Partial<Forecast> = {
  processes: 4,
  requests: 1,
  policy: { ...DEFAULT_POLICY, refreshWindowMs: 0 },
  nearCache: {},
  hasEvents: true,
  hasVersion: false,
  lifeMs: 600_000,
  delayMs: 0.5,
  mintMs: 400,
  faults: [],
  troubleMs: 30_000,
};

export const SCHEDULES: readonly Schedule[] = [
  {
    name: 'a client that was paused past its lease writes late',
    promises: [1, 2],
    origin: 'M. Kleppmann, How to do distributed locking, 2016',
    weather: { ...QUIET, faults: breaking('processes') },
    play(world) {
      ask(world, 100, 0);
      at(world, 150, () => world.pause(processOf(world, 0)));
      ask(world, 300, 1);
      at(world, 9_000, () => world.resume(processOf(world, 0)));
    },
    check: (world) => published(world, ['t2']) ?? tells(world, ['t2', 't2']) ?? mints(world, 2),
  },
  {
    name: "the store's clock jumps past the lease of a mint under way",
    promises: [1, 2],
    origin: 'M. Kleppmann on Redlock, 2016',
    weather: { ...QUIET, mintMs: 4_000, faults: breaking('server') },
    play(world) {
      ask(world, 100, 0);
      at(world, 200, () => world.server.stepClock(leaseMs + 1));
      ask(world, 210, 1);
    },
    check: (world) => published(world, ['t2']) ?? mints(world, 2),
  },
  {
    name: 'the wall clocks of all hosts jump in the middle of a mint',
    promises: [2, 3],
    origin: 'authkit-nextjs#470',
    weather: { ...QUIET, mintMs: 4_000 },
    play(world) {
      for (const process of [0, 1, 2, 3]) ask(world, 100, process);
      at(world, 150, () =>
        world.processes.forEach(({ host }, index) => (host.wallOffsetMs += (index - 2) * 3_600_000)),
      );
      for (const process of [0, 1, 2, 3]) ask(world, 20_000, process);
    },
    check: (world) => published(world, ['t1']) ?? mints(world, 1),
  },
  {
    name: 'the reply that grants a lease is lost',
    promises: [4],
    origin: 'failures of SET NX that succeeded: a process waits for itself',
    weather: { ...QUIET, policy: { ...DEFAULT_POLICY, whenStoreUnavailable: 'fail' }, faults: breaking('network') },
    play(world) {
      at(world, 99, () => (processOf(world, 0).link.conditions.loseReplies = 1));
      ask(world, 100, 0);
      at(world, 110, () => processOf(world, 0).link.calm());
      ask(world, 900, 0);
    },
    check(world) {
      const second = world.callers.told[1];
      if (!second || second.what !== 't1') return `the second caller was told ${second?.what}`;
      return second.at < 100 + leaseMs ? mints(world, 1) : `it waited until ${second.at} for its own lease`;
    },
  },
  {
    name: 'a failover loses the lease that was just granted',
    promises: [1, 2],
    origin: 'Redis documentation, distributed locks; redisson#4822',
    weather: { ...QUIET, mintMs: 4_000, faults: breaking('server') },
    play(world) {
      ask(world, 100, 0);
      at(world, 150, () => world.server.failOver(100));
      ask(world, 200, 1);
    },
    check: (world) => published(world, ['t2']) ?? mints(world, 2),
  },
  {
    name: 'a failover brings a rejected token back, and all processes mean to put that right at once',
    promises: [2, 3],
    origin: 'a fleet of our own behind Sentinel',
    weather: { ...QUIET, nearCache: false, faults: breaking('server') },
    play(world) {
      for (const process of [0, 1, 2, 3]) ask(world, 100, process);
      at(world, 2_000, () => reject(world, 0, 't1'));
      for (const process of [0, 1, 2, 3]) ask(world, 2_010, process);
      at(world, 3_000, () => world.server.failOver(1_500));
      for (const process of [0, 1, 2, 3]) ask(world, 3_100 + process / 2, process);
    },
    check: (world) => tells(world, [...Array<string>(4).fill('t1'), ...Array<string>(8).fill('t2')]) ?? mints(world, 2),
  },
  {
    name: "a late release comes to another's lease",
    promises: [1, 2],
    origin: 'APIFold#53, Tyk, Nango: DEL without a look at the owner',
    weather: { ...QUIET, mintMs: 2_000, faults: breaking('processes', 'failures') },
    play(world) {
      Object.assign(world.idp.mood, { failureRate: 1, failures: ['unavailable'] });
      ask(world, 100, 0);
      at(world, 120, () => world.pause(processOf(world, 0)));
      ask(world, 300, 1);
      at(world, 2_800, () => Object.assign(world.idp.mood, { failureRate: 0, slownessMs: 9_000 }));
      at(world, 3_400, () => world.resume(processOf(world, 0)));
      ask(world, 3_500, 2);
    },
    check: (world) => published(world, ['t2']) ?? mints(world, 2),
  },
  {
    name: 'a rejection of the old token comes after the new mint',
    promises: [2, 3],
    origin: 'azure-sdk-for-cpp#6151, a2a-js#735',
    weather: QUIET,
    play(world) {
      ask(world, 100, 0);
      ask(world, 2_000, 1);
      at(world, 3_000, () => reject(world, 0, 't1'));
      ask(world, 3_001, 0);
      at(world, 6_000, () => reject(world, 1, 't1'));
      for (const process of [0, 1, 2, 3]) ask(world, 6_100, process);
    },
    check: (world) =>
      published(world, ['t1', 't2']) ?? tells(world, ['t1', 't1', 't2', 't2', 't2', 't2', 't2']) ?? mints(world, 2),
  },
  {
    name: 'a hundred callers of all processes are rejected at once',
    promises: [2],
    origin: 'libsveltos#676: a cascade of 401',
    weather: QUIET,
    play(world) {
      for (const process of [0, 1, 2, 3]) ask(world, 100, process);
      for (const process of [0, 1, 2, 3]) {
        at(world, 3_000, () => {
          for (let count = 0; count < 25; count++) reject(world, process, 't1');
        });
        for (let count = 0; count < 25; count++) ask(world, 3_010, process);
      }
    },
    check: (world) => published(world, ['t1', 't2']) ?? mints(world, 2),
  },
  {
    name: 'a mint that began before a purge ends after it',
    promises: [1, 3],
    origin: 'anthropic-sdk-python#1841: a refresh begun before an invalidation',
    weather: { ...QUIET, mintMs: 4_000, faults: breaking('callers') },
    play(world) {
      ask(world, 100, 0);
      at(world, 300, () => world.purge(processOf(world, 1), REQUEST));
      ask(world, 400, 2);
    },
    check(world) {
      const old = world.callers.told.find(({ what }) => what === 't1');
      return old ? `${old.process} gave out t1` : (published(world, ['t2']) ?? mints(world, 2));
    },
  },
  {
    name: 'a process hears of a purge when its next mint is under way',
    promises: [2],
    origin: 'a fleet of our own on Redis Cluster: events take another way than answers',
    weather: { ...QUIET, faults: breaking('callers') },
    play(world) {
      ask(world, 100, 0);
      at(world, 2_000, () => Object.assign(processOf(world, 1).channel ?? {}, { extraDelayMs: 100 }));
      at(world, 3_000, () => world.purge(processOf(world, 0), REQUEST));
      ask(world, 3_010, 1);
    },
    check: (world) => published(world, ['t1', 't2']) ?? tells(world, ['t1', 't2']) ?? mints(world, 2),
  },
  {
    name: 'the event that tells of a token is lost between the look-up and the wait',
    promises: [5],
    origin: 'pub/sub is at most once; spring-integration#9401',
    weather: { ...QUIET, faults: breaking('events') },
    play(world) {
      ask(world, 100, 0);
      ask(world, 110, 1);
      at(world, 120, () => processOf(world, 1).channel?.deafen(10_000));
    },
    check(world) {
      const late = world.callers.told.slice(0, 2).find(({ at: toldAt }) => toldAt > 600 + leaseMs + 100);
      return late ? `${late.process} waited until ${late.at}` : (tells(world, ['t1', 't1']) ?? mints(world, 1));
    },
  },
  {
    name: 'the event that tells of a token overtakes the answer that tells to wait',
    promises: [5],
    origin: 'replies and events come by different connections',
    weather: { ...QUIET, faults: breaking('network') },
    play(world) {
      ask(world, 100, 0);
      ask(world, 460, 1);
      at(world, 460.05, () => (processOf(world, 1).link.conditions.delayMs = 300));
      at(world, 465, () => processOf(world, 1).link.calm());
    },
    check: (world) => tells(world, ['t1', 't1']) ?? toldBefore(world, 1_000),
  },
  {
    name: 'a token is stored just before the event channel of a waiter comes up',
    promises: [5],
    origin: 'what happened while nobody listened',
    weather: { ...QUIET, faults: breaking('events') },
    play(world) {
      ask(world, 100, 0);
      ask(world, 200, 1);
      at(world, 437.5, () => processOf(world, 1).channel?.break());
    },
    check: (world) => tells(world, ['t1', 't1']) ?? toldBefore(world, 550),
  },
  {
    name: 'the reply to a look-up is overtaken by a refresh, and then the store is gone',
    promises: [3],
    origin: 'a reply says what was true when it was sent',
    weather: {
      ...QUIET,
      policy: { ...DEFAULT_POLICY, refreshWindowMs: 3_000 },
      mintMs: 50,
      nearCache: false,
      lifeMs: 20_000,
      faults: breaking('network', 'server'),
    },
    play(world) {
      ask(world, 100, 0);
      ask(world, 17_000, 0);
      ask(world, 17_010, 0);
      at(world, 17_010.05, () => (processOf(world, 0).link.conditions.delayMs = 2_000));
      at(world, 17_012, () => processOf(world, 0).link.calm());
      at(world, 17_100, () => (world.server.state = 'silent'));
      ask(world, 17_200, 0);
    },
    check: (world) => tells(world, ['t1', 't1', 't1', 't2']),
  },
  {
    name: 'two hundred callers stand behind a holder that fails',
    promises: [5],
    origin: 'convoys behind a lock: each waiter asks the dead server in turn',
    weather: { ...QUIET, mintMs: 1_000, faults: breaking('failures') },
    play(world) {
      Object.assign(world.idp.mood, { failureRate: 1, failures: ['rejected'] });
      for (let count = 0; count < 200; count++) ask(world, 100, count % 4);
    },
    check(world) {
      const odd = world.callers.told
        .slice(0, 200)
        .find(({ what, at: toldAt }) => what !== 'TOKEN_SOURCE_REJECTED' || toldAt > 2_300);
      const calls = world.idp.calls.filter(({ sentAt }) => sentAt < 20_000).length;
      // The credentials may be those of one process, so another one tries as well.
      if (calls !== 2) return `${calls} calls to the source`;
      return odd && `${odd.process} told ${odd.what} at ${odd.at}`;
    },
  },
  {
    name: 'the source is slower than the lease and five hundred callers wait',
    promises: [2, 4],
    origin: 'n8n#37828 mints unlocked after the wait, onyx#13146 waits for less than a mint takes',
    weather: { ...QUIET, mintMs: 9_000 },
    play(world) {
      for (let count = 0; count < 500; count++) ask(world, 100, count % 4);
    },
    check: (world) => tells(world, Array<string>(500).fill('t1')) ?? mints(world, 1),
  },
  {
    name: 'the reply to a commit is lost',
    promises: [1, 2],
    origin: 'ioredis sends again what it got no answer for',
    weather: { ...QUIET, faults: breaking('network') },
    play(world) {
      ask(world, 100, 0);
      at(world, 105, () => (processOf(world, 0).link.conditions.loseReplies = 1));
      at(world, 700, () => processOf(world, 0).link.calm());
      for (const process of [0, 1, 2, 3]) ask(world, 5_000, process);
      for (const process of [0, 1, 2, 3]) ask(world, 9_000, process);
    },
    check: (world) => published(world, ['t1']) ?? mints(world, 1),
  },
  {
    name: 'a token is reported twice while its commit has no answer',
    promises: [3],
    origin: 'a core of our own: the second report took the mark of the first away',
    weather: { ...QUIET, faults: breaking('network') },
    play(world) {
      ask(world, 100, 0);
      at(world, 105, () => (processOf(world, 0).link.conditions.loseRequests = 1));
      at(world, 2_000, () => reject(world, 0, 't1'));
      at(world, 3_000, () => reject(world, 0, 't1'));
      ask(world, 4_000, 0);
      at(world, 9_000, () => processOf(world, 0).link.calm());
    },
    check: (world) => tells(world, ['t1', 't2']) ?? mints(world, 2),
  },
  {
    name: 'somebody looks at a token whose rejection the store has not heard of',
    promises: [3],
    origin: 'a core of our own: peek() gave the token out again',
    weather: { ...QUIET, faults: breaking('network') },
    play(world) {
      ask(world, 100, 0);
      at(world, 2_000, () => (processOf(world, 0).link.conditions.loseRequests = 1));
      at(world, 2_010, () => reject(world, 0, 't1'));
      at(world, 9_000, () => processOf(world, 0).link.calm());
      at(world, 12_000, () => world.look(processOf(world, 0), REQUEST, 'peek'));
      at(world, 13_000, () => world.look(processOf(world, 0), REQUEST, 'status'));
    },
    check: (world) => tells(world, ['t1']) ?? published(world, ['t1']) ?? mints(world, 1),
  },
  {
    name: 'the safety margin is longer than the life of a token',
    promises: [2, 3],
    origin: 'openfga java-sdk#388, openai-node#2490: a mint per call',
    weather: { ...QUIET, lifeMs: 5_000, mintMs: 20, troubleMs: 20_000 },
    play(world) {
      for (let afterMs = 100; afterMs < 20_000; afterMs += 50) ask(world, afterMs, (afterMs / 50) % 4);
    },
    check(world) {
      const calls = world.idp.calls.filter(({ sentAt }) => sentAt < 20_000).length;
      return calls > 5 ? `${calls} mints in four lives` : undefined;
    },
  },
  {
    name: 'the store is gone when the token ends, and comes back',
    promises: [6],
    origin: 'civitai#2333: every call a mint during a failover',
    weather: { ...QUIET, lifeMs: 10_000, mintMs: 20, faults: breaking('server') },
    play(world) {
      for (const process of [0, 1, 2, 3]) ask(world, 100, process);
      at(world, 8_000, () => (world.server.state = 'refusing'));
      for (let afterMs = 8_100; afterMs < 16_000; afterMs += 20) ask(world, afterMs, (afterMs / 20) % 4);
      at(world, 16_000, () => world.bringServerUp());
    },
    check(world) {
      const calls = world.idp.calls.filter(({ sentAt }) => sentAt > 8_000 && sentAt < 16_000).length;
      return calls > 4 ? `${calls} mints of four processes` : undefined;
    },
  },
  {
    name: 'the store is gone from before the refresh of a token to after its end',
    promises: [6],
    origin: 'a fleet of our own: twelve processes minted within 281 ms, and all callers waited',
    weather: {
      ...QUIET,
      policy: { ...DEFAULT_POLICY, refreshWindowMs: 300_000 },
      lifeMs: 20_000,
      mintMs: 2_000,
      faults: breaking('server'),
    },
    play(world) {
      for (const process of [0, 1, 2, 3]) ask(world, 100, process);
      at(world, 10_000, () => (world.server.state = 'refusing'));
      for (let afterMs = 10_100; afterMs < 25_000; afterMs += 20) ask(world, afterMs, (afterMs / 20) % 4);
      at(world, 25_000, () => world.bringServerUp());
    },
    check(world) {
      const { storeTimeoutMs } = world.weather.policy;
      const late = world.callers.told.find(
        ({ askedAt, at: toldAt }) => askedAt > 10_000 && askedAt < 25_000 && toldAt - askedAt > storeTimeoutMs,
      );
      if (late) return `${late.process} kept a caller for ${(late.at - late.askedAt).toFixed(0)} ms`;
      const calls = world.idp.calls.filter(({ sentAt }) => sentAt > 10_000 && sentAt < 25_000);
      if (calls.length > 4) return `${calls.length} mints of four processes`;
      const atOnce = calls.filter(({ sentAt }) => Math.abs(sentAt - (calls[0]?.sentAt ?? 0)) < 50).length;
      return atOnce > 2 ? `${atOnce} processes minted at once` : undefined;
    },
  },
];

/** Tells the judge what this schedule breaks; it strikes by its own script. */
function breaking(...what: readonly Disturbance[]): readonly Fault[] {
  return what.map((disturbs) => ({ name: disturbs, disturbs, everyMs: Number.MAX_SAFE_INTEGER, strike: () => {} }));
}

function at(world: World, atMs: number, run: () => void): void {
  world.time.after(atMs, world.time.world, run);
}

function processOf(world: World, index: number): Process {
  return world.everyone[index] as Process;
}

function ask(world: World, atMs: number, index: number): void {
  at(world, atMs, () => world.ask(processOf(world, index), REQUEST, { isByHand: true }));
}

function reject(world: World, index: number, accessToken: string): void {
  const process = processOf(world, index);
  world.time.after(0, process.host, () => {
    const token = process.inHand.get(REQUEST.label) as Token;
    if (token.accessToken === accessToken) process.rejectedAt.set(accessToken, world.time.now);
    void world.report(process, REQUEST, token);
  });
}

function tells(world: World, expected: readonly string[]): string | undefined {
  const told = world.callers.told.slice(0, expected.length).map(({ what }) => what);
  return told.join() === expected.join() ? undefined : `callers were told ${told.join()}`;
}

/** Of those who came before everything healed. */
function toldBefore({ callers, weather }: World, atMs: number): string | undefined {
  const late = callers.told.find(({ askedAt, at }) => askedAt < weather.troubleMs && at > atMs);
  return late && `${late.process} was told ${late.what} at ${late.at}`;
}

/** Before everything healed. */
function published({ server, weather }: World, expected: readonly string[]): string | undefined {
  const all = [...server.truths.values()].flatMap((truth) => truth.published);
  const shared = all
    .filter(({ storedAt }) => storedAt < (weather.troubleMs ?? 0))
    .map(({ accessToken }) => accessToken);
  return shared.join() === expected.join() ? undefined : `the store had ${shared.join()}`;
}

function mints({ idp, weather }: World, expected: number): string | undefined {
  const calls = idp.calls.filter(({ sentAt }) => sentAt < weather.troubleMs).length;
  return calls === expected ? undefined : `${calls} mints`;
}
