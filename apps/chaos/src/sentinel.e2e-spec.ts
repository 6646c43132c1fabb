import { type RedisSentinel, type RedisServer } from '@mintonce/test-support';
import { expectPromises } from './expect-promises.spec-support.js';
import { type Fleet, WORKERS } from './fleet.js';
import { keyOfToken } from './lost-token.js';
import { monotonicMs } from './monotonic.js';
import { replaced, subscribers } from './replaced-master.js';
import { type SentinelFleet, startSentinelFleet } from './sentinel-fleet.js';
import { type Trial } from './trial.js';

/** Sentinels that split their vote elect again after seconds, and a mint that waits for the election must not time out meanwhile. */
const PATIENT = { mintTimeoutMs: 60_000, waitTimeoutMs: 70_000 };

describe('Eight processes behind Sentinel', () => {
  let running: SentinelFleet;
  let fleet: Fleet;
  let rig: RedisSentinel;

  beforeAll(async () => {
    running = await startSentinelFleet({ replicas: 1, sentinels: 3 }, { options: PATIENT });
    ({ fleet, rig } = running);
  });

  afterEach(() => rig.recover());

  afterAll(() => running?.stop());

  it('serve the token in hand without a mint while the master is killed and replaced, and move to the new one', async () => {
    const trial = await fleet.trial();
    await trial.burst(2);
    await rig.replicated();
    await trial.load(50);
    const killed = await rig.killMaster();
    const { promotedMs, recoveryMs } = await replaced(fleet, rig.promoted(killed));
    await trial.served(5);
    await expectPromises(trial, {
      promises: [2, 3, 6],
      fault: 'the master is killed; its replica has everything',
      mints: 1,
      recoveryMs,
      seen: `a new master after ${promotedMs} ms`,
    });
  });

  it('serve the token in hand without a mint during an orderly failover, and move to the new master', async () => {
    const trial = await fleet.trial();
    await trial.burst(2);
    await trial.load(50);
    const previous = await rig.master();
    await rig.failover();
    const { recoveryMs } = await replaced(fleet, rig.promoted(previous));
    await trial.served(5);
    await expectPromises(trial, { promises: [2, 3, 6], fault: 'SENTINEL FAILOVER under load', mints: 1, recoveryMs });
  });

  it.each<[when: string, arrives: (killed: RedisServer, release: () => void) => Promise<unknown>]>([
    ['while there is no master', async (_, release) => release()],
    ['when there is a new one', (killed, release) => rig.promoted(killed).then(release)],
  ])(
    'give every caller a token if the master is killed during a mint and the answer comes %s',
    async (when, arrives) => {
      const trial = await fleet.trial();
      const { served, release } = await trial.midMint();
      await rig.replicated();
      const killed = await rig.killMaster();
      const killedAt = monotonicMs();
      await arrives(killed, release);
      await served;
      const servedMs = Math.max(...trial.answers.map(({ answeredAt }) => answeredAt)) - killedAt;
      const { recoveryMs } = await replaced(fleet, rig.promoted(killed));
      await trial.burst(10);
      await expectPromises(trial, {
        promises: [1, 2, 6],
        fault: `the master is killed in mid-mint, and the answer comes ${when}`,
        mints: { atMost: WORKERS },
        overlapping: WORKERS,
        recoveryMs,
        seen: `the last of the waiting callers was served after ${Math.round(servedMs)} ms`,
      });
    },
  );

  it('share the token in hand with a new master that has lost it', async () => {
    const trial = await fleet.trial();
    await rig.cutReplication();
    await trial.burst(2);
    const key = await keyOfToken(rig.admin(await rig.master()), trial.generations[0]);
    await trial.load(50);
    const killed = await rig.killMaster();
    await rig.mendReplication();
    const { recoveryMs } = await replaced(fleet, rig.promoted(killed));
    await fleet.until(async () => (await rig.admin(await rig.master()).exists(key)) === 1);
    await expectPromises(trial, {
      promises: [1, 2, 3],
      fault: 'a failover that loses lease and token',
      mints: 1,
      recoveryMs,
      seen: 'the new master has the token',
    });
  });

  it('mint at most once more if a failover loses the lease during a mint, and give no older token after a newer one', async () => {
    const trial = await fleet.trial();
    await rig.cutReplication();
    const { served, release } = await trial.midMint();
    const killed = await rig.killMaster();
    await rig.mendReplication();
    await rig.promoted(killed);
    await fleet.untilStoreIsBack();
    release();
    await served;
    await trial.load(50);
    await trial.served(5);
    await oneTokenForAll(trial);
    expect(generationsGoBack(trial)).toEqual([]);
    await expectPromises(trial, {
      promises: [1, 2, 3],
      fault: 'a failover that loses the lease of a mint in flight',
      mints: { atMost: WORKERS + 1 },
      overlapping: WORKERS + 1,
    });
  });

  it('do not give a rejected token again if a failover restores it', async () => {
    const trial = await fleet.trial();
    await trial.burst(2);
    await rig.replicated();
    await rig.cutReplication();
    const [holder] = fleet.workers;
    if (!holder) throw new Error('There are no workers');
    const [rejected] = trial.answers;
    await holder.ask({ do: 'invalidate', key: trial.key, times: 1 });
    await trial.load(50);
    // A process that has not received the invalidation gives the old token, and has no other in hand after the master has ended.
    await fleet.until(() => fleet.workers.every(({ name }) => trial.lastToken(name) !== rejected?.token));
    const killed = await rig.killMaster();
    await rig.mendReplication();
    const { recoveryMs } = await replaced(fleet, rig.promoted(killed));
    await oneTokenForAll(trial);
    expect(trial.lastToken(holder.name)).not.toBe(rejected?.token);
    await expectPromises(trial, {
      promises: [2, 3],
      fault: 'a failover that loses an invalidation and the token that came after it',
      mints: 2,
      recoveryMs,
    });
  });

  it('move to the new master when a frozen one is replaced, and stay there when it wakes up as a replica', async () => {
    const trial = await fleet.trial();
    await trial.burst(2);
    await rig.replicated();
    await trial.load(50);
    const frozen = await rig.master();
    frozen.pause();
    const { promotedMs, recoveryMs } = await replaced(fleet, rig.promoted(frozen));
    frozen.resume();
    await rig.settled();
    await fleet.untilStoreIsBack();
    await trial.served(5);
    await expectPromises(trial, {
      promises: [1, 2, 3, 6],
      fault: 'the master freezes, is replaced, and wakes up again',
      mints: 1,
      recoveryMs,
      seen: `a new master after ${promotedMs} ms`,
    });
  });

  it('move to the new master when the host of the old one and of the first Sentinel freezes', async () => {
    const trial = await fleet.trial();
    await trial.burst(2);
    await rig.replicated();
    await trial.load(50);
    const [frozen, [sentinel]] = [await rig.master(), rig.sentinels];
    frozen.pause();
    sentinel?.pause();
    const promoted = await rig.promoted(frozen);
    const promotedAt = monotonicMs();
    const recoveryMs = await fleet.untilStoreIsBack();
    await fleet.until(async () => (await subscribers([rig.admin(promoted)])) >= WORKERS);
    const heardMs = monotonicMs() - promotedAt;
    await expectPromises(trial, {
      promises: [2, 3, 6],
      fault: 'the host of the master freezes with the first Sentinel on it',
      mints: 1,
      recoveryMs,
      seen: `events arrive everywhere after ${Math.round(heardMs)} ms`,
    });
  });

  it('receive a purge in every process after a failover', async () => {
    const trial = await fleet.trial();
    await trial.burst(2);
    await trial.load(50);
    const previous = await rig.master();
    const promoted = await rig.failover();
    const { recoveryMs } = await replaced(fleet, rig.promoted(previous));
    await fleet.until(async () => (await subscribers([rig.admin(promoted)])) >= WORKERS);
    const purgedAt = monotonicMs();
    await trial.replaceByPurge();
    const heardMs = monotonicMs() - purgedAt;
    await expectPromises(trial, {
      promises: [2, 3],
      fault: 'a purge after a failover',
      mints: { atMost: 1 + trial.purges },
      recoveryMs,
      seen: `no process gives the old token ${Math.round(heardMs)} ms later`,
    });
  });

  async function oneTokenForAll(trial: Trial): Promise<void> {
    await fleet.until(() => new Set(fleet.workers.map(({ name }) => trial.lastToken(name))).size === 1);
  }
});

/** Answers of a process whose generation is older than one that it gave before. */
function generationsGoBack({ answers, fleet }: Trial): string[] {
  return fleet.workers.flatMap(({ name }) => {
    const given = answers.filter(({ worker }) => worker === name).flatMap(({ generation }) => generation ?? []);
    const back = given.filter((generation, index) => generation < Math.max(...given.slice(0, index)));
    return back.map((generation) => `${name} went back to ${generation}`);
  });
}
