import { isPurge } from './concerns.js';
import { type HeardEvent } from './heard-event.js';

/** Whether an event voids what was minted under that fence: a purge deletes it, a rejection marks it. */
export function voids(event: Pick<HeardEvent, 'type' | 'fence'>, fence: number): boolean {
  return (isPurge(event) || event.type === 'invalidated') && (event.fence === undefined || fence <= event.fence);
}
