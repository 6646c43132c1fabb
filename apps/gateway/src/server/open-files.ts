import { readFileSync } from 'node:fs';
import { Logger } from '@nestjs/common';

/** For everything but connections in use: the runtime, the store, logs, files that are read again, and refusals under way. */
const RESERVED = 160;

/** A connection of a caller, the one to its upstream, and one at the door for operations. */
const FILES_PER_CONNECTION = 3;

/**
 * How many of so many connections a door takes, given how many files the process may open. A process that can open none serves
 * nobody: it has no way to an upstream, and under PM2 it would lose connections that are handed to it.
 *
 * @param openFiles undefined if no limit is known
 */
export function connectionsWithin(connections: number, openFiles: number | undefined): number {
  if (openFiles === undefined) return connections;
  return Math.max(1, Math.min(connections, Math.floor((openFiles - RESERVED) / FILES_PER_CONNECTION)));
}

/** How many files this process may open (`RLIMIT_NOFILE`); undefined where the system does not tell. */
export function openFilesLimit(): number | undefined {
  try {
    const [, limit] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return limit === undefined ? undefined : Number(limit);
  } catch {
    return undefined;
  }
}

/** Says at the start if the doors take fewer connections than configured. */
export function tellConnections(connections: number, openFiles = openFilesLimit()): void {
  const taken = connectionsWithin(connections, openFiles);
  if (taken === connections) return;
  const needed = connections * FILES_PER_CONNECTION + RESERVED;
  new Logger('Gateway').warn(
    `Takes ${taken} connections at each door and not ${connections} (limits.connections), since a worker may open ${openFiles} ` +
      `files: raise the limit (ulimit -n, LimitNOFILE) to ${needed}, or lower limits.connections`,
  );
}
