import { type IncomingMessage } from 'node:http';

/** The door for callers, and the one for monitoring and operators. */
export type DoorName = 'main' | 'operations';

const operations = new WeakSet<IncomingMessage>();

/** Remembers that a request came through the operations door. */
export function cameForOperations(request: IncomingMessage): void {
  operations.add(request);
}

/** The door through which a request came. */
export function doorOf(request: IncomingMessage): DoorName {
  return operations.has(request) ? 'operations' : 'main';
}
