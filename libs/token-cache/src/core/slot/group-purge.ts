import { endOfMsInUs, NOTHING, type Slot, type Step } from './slot-state.js';

/** A step on a slot, as far as there is one. */
export type SlotStep<Answer> = (slot: Slot | undefined, now: number) => Step<Answer>;

/** @param last the fence of the group's last purge; that of the next one lies above it, and above all that was granted until now */
export function groupPurge(last: number, now: number): number {
  return Math.max(last + 1, endOfMsInUs(now));
}

/**
 * The step as it is after the last purge of the group. What was written before that is as a purge of the key would have left it;
 * what is written from now on says that it was written after.
 *
 * The order of writing decides, and no comparison of fences: after the store's clock was set back, a purge may bear a lower fence than
 * the tokens that it voids.
 *
 * @param purge the fence of the last purge of the group; 0 for none
 */
export function afterGroupPurge<Answer>(purge: number, step: SlotStep<Answer>): SlotStep<Answer> {
  return (slot, now) => {
    const taken = step(known(slot, purge), now);
    return taken.slot ? { ...taken, slot: { ...taken.slot, groupPurge: purge } } : taken;
  };
}

function known(slot: Slot | undefined, purge: number): Slot | undefined {
  if (purge === 0) return slot;
  // Whether there was a record is unknown, as is what it said.
  if (!slot) return { ...NOTHING, fence: purge, voided: purge };
  if (slot.groupPurge === purge) return slot;
  const fence = Math.max(purge, slot.fence + 1);
  return { ...NOTHING, fence, voided: fence, invalidated: 1 };
}

/** Whether a slot is made of the purge of its group alone: its record was lost, if there ever was one. */
export function isUnrecorded({ fence, voided, invalidated }: Slot): boolean {
  return fence === voided && invalidated === 0;
}
