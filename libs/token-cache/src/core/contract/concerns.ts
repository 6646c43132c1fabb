import { type HeardEvent } from './heard-event.js';

/** What tells whether an event concerns a key. */
export interface KeyInGroup {
  readonly id: string;
  /** Of the key's integration. */
  readonly group: string;
}

/** Whether an event is about that key: its own, or its group's. */
export function concerns(event: HeardEvent, { id, group }: KeyInGroup): boolean {
  return event.type === 'purged-group' ? event.group === group : event.keyId === id;
}

/** Whether it says that something was purged. */
export function isPurge({ type }: Pick<HeardEvent, 'type'>): boolean {
  return type === 'purged' || type === 'purged-group';
}
