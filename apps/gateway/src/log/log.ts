import { Inject } from '@nestjs/common';
import { type DestinationStream, type Logger, pino } from 'pino';
import { WORKER } from '../worker.js';
import { errorFields } from './error-fields.js';
import { type LogLevel } from './log-level.js';

/**
 * Where the gateway writes what happens: a line of JSON each. Its fields are named one by one by whoever writes the line, so that
 * no header, query or token gets into it; free text goes through `withoutCredentials`.
 */
export type Log = Logger;

/** Injection token of the `Log`. */
export const LOG = Symbol('LOG');

/** Injects the `Log`. */
export const InjectLog = () => Inject(LOG);

/** A log of that level; each line names the worker, and the process that it was at that time. */
export function openLog(level: LogLevel, destination: DestinationStream): Log {
  const options = {
    level,
    base: { worker: WORKER, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: errorFields },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, destination);
}
