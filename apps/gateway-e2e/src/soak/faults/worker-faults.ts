import { setTimeout as sleep } from 'node:timers/promises';
import { CONNECTION_LOST, NO_ANSWER } from '../causes.js';
import { type Fault } from '../fault.js';
import { LEASE_MS } from '../policy.js';

export const WORKER_FROZEN = 'worker frozen past its lease (SIGSTOP, SIGCONT)';

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
    name: WORKER_FROZEN,
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
    name: 'pm2 reload',
    endsWorkers: true,
    async inject({ fleet, expenses }) {
      expenses.reloads++;
      await fleet.pm2.run('reload', 'gateway');
    },
  },
];
