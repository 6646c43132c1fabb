import { setTimeout as sleep } from 'node:timers/promises';
import { CONNECTION_LOST, UPSTREAM_FAILED, UPSTREAM_UNREACHABLE } from '../causes.js';
import { type Fault } from '../fault.js';

export const UPSTREAM_FAULTS: readonly Fault[] = [
  {
    name: 'upstream slow',
    async inject({ toUpstream }, chance) {
      toUpstream.suffer({ kind: 'delay', ms: 100, jitterMs: 200 });
      await sleep(chance.whole(2_000, 5_000));
      await toUpstream.heal();
    },
  },
  {
    name: 'upstream resets connections',
    // A body that breaks off breaks the caller's connection too, so that no part is taken for the whole.
    excuses: [{ cause: UPSTREAM_FAILED }, { cause: CONNECTION_LOST }],
    healingMs: 500,
    async inject({ toUpstream }, chance) {
      for (let cuts = chance.whole(3, 8); cuts > 0; cuts--) {
        toUpstream.cut();
        await sleep(chance.whole(50, 500));
      }
    },
  },
  {
    name: 'upstream refuses connections',
    excuses: [{ cause: UPSTREAM_FAILED }, { cause: UPSTREAM_UNREACHABLE }, { cause: CONNECTION_LOST }],
    healingMs: 500,
    async inject({ toUpstream }, chance) {
      toUpstream.refuse();
      toUpstream.cut();
      await sleep(chance.whole(1_000, 3_000));
      await toUpstream.heal();
    },
  },
];
