import { type IncomingMessage } from 'node:http';
import { type Grant } from './grant.js';

/** Somebody who may use the gateway. */
export interface Caller {
  /** Its name in the configuration, for audit lines. */
  readonly id: string;
  readonly grant: Grant;
}

const callers = new WeakMap<IncomingMessage, Caller>();

/** Remembers who sent a request. */
export function setCaller(request: IncomingMessage, caller: Caller): void {
  callers.set(request, caller);
}

/** Who sent a request; undefined if the door asked for no credential. */
export function callerOf(request: IncomingMessage): Caller | undefined {
  return callers.get(request);
}
