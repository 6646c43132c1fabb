import { type Log } from './log.js';
import { withoutCredentials } from './without-credentials.js';

/**
 * Makes lines of the log of what Node and PM2 would print as plain text: warnings, and errors that nobody caught. After such an error
 * the process is in an unknown state and ends; PM2 starts another one.
 *
 * @param end ends the process when the line is written
 */
export function logProcessEvents(log: Log, end: (code: number) => void): void {
  // Those of PM2 print the error with all its properties.
  for (const event of ['uncaughtException', 'unhandledRejection', 'warning'] as const)
    process.removeAllListeners(event);
  process.on('warning', ({ name, message, code }: NodeJS.ErrnoException) => {
    log.warn({ context: 'Node', type: name, code }, withoutCredentials(message));
  });
  process.on('uncaughtException', (error: unknown) => {
    log.fatal(error instanceof Error ? { err: error } : {}, 'The process ends: an error was not caught');
    end(1);
  });
}
