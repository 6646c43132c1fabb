import { setTimeout as sleep } from 'node:timers/promises';
import { CONNECTION_LOST, NO_ANSWER, UPSTREAM_FAILED } from '../causes.js';
import { type Fault } from '../fault.js';
import { LEASE_MS, TOKEN_LIFETIME_MS } from '../policy.js';

const FROZEN = 'worker frozen past its lease (SIGSTOP, SIGCONT)';
const STALLED = 'event loop of a worker stalls';
const SUSPENDED = 'machine of a worker is suspended';

/** The kinds of requests that are not idempotent (RFC 9110 section 9.2.2). */
const UPLOADS = ['upload', 'slow upload', 'streamed upload', 'leave a streamed upload'];

/** Faults in which the event loop of a worker stands still. */
export const STANDSTILLS: readonly string[] = [FROZEN, STALLED, SUSPENDED];

export const WORKER_FAULTS: readonly Fault[] = [
  {
    name: 'worker killed (SIGKILL)',
    // The primary hands it connections until it has noticed. Of one that it did not take, Node's primary never hears again, and
    // keeps it open without an answer.
    excuses: [{ cause: CONNECTION_LOST }, { cause: NO_ANSWER }],
    healingMs: 1_000,
    endsWorkers: true,
    async inject({ workers, expenses }, chance) {
      const pid = chance.pick(await workers());
      expenses.kills++;
      process.kill(pid, 'SIGKILL');
    },
  },
  {
    name: FROZEN,
    async inject({ workers, expenses }, chance) {
      const pid = chance.pick(await workers());
      expenses.freezes++;
      process.kill(pid, 'SIGSTOP');
      try {
        await sleep(LEASE_MS + chance.whole(500, 2_000));
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    },
  },
  {
    name: STALLED,
    async inject({ workers, expenses, processFaults }, chance) {
      const pid = chance.pick(await workers());
      expenses.freezes++;
      await processFaults.befall(pid, { kind: 'stall', forMs: chance.whole(600, 4_000) });
    },
  },
  {
    name: SUSPENDED,
    // The workers of SQLite share one machine.
    store: 'redis',
    // The upstream closes kept connections meanwhile, and a request that must not be repeated may be sent on one of them.
    excuses: [{ cause: UPSTREAM_FAILED, kinds: UPLOADS }],
    healingMs: 500,
    async inject({ workers, expenses, processFaults }, chance) {
      const pid = chance.pick(await workers());
      expenses.freezes++;
      await processFaults.befall(pid, { kind: 'suspend', forMs: chance.whole(2_000, TOKEN_LIFETIME_MS) });
    },
  },
  {
    name: 'one worker is refused by the identity provider',
    async inject({ fleet, workers, expenses, processFaults }, chance) {
      const pid = chance.pick(await workers());
      const port = Number(new URL(fleet.idp.issuer).port);
      const forMs = chance.whole(4_000, TOKEN_LIFETIME_MS);
      const { refused } = await processFaults.befall(pid, { kind: 'refuse', port, forMs });
      expenses.refused += refused;
    },
  },
  {
    name: 'pm2 reload',
    endsWorkers: true,
    async inject({ fleet, expenses }) {
      expenses.reloads++;
      await fleet.pm2.run('reload', 'gateway');
    },
  },
];
