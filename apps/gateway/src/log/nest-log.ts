import { inspect } from 'node:util';
import { type LoggerService } from '@nestjs/common';
import { type Log } from './log.js';
import { withoutCredentials } from './without-credentials.js';

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** What Nest says of its own start, dozens of lines for each worker. */
const FRAMEWORK: ReadonlySet<unknown> = new Set([
  'NestFactory',
  'NestApplication',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'GraphInspector',
]);

/** The logger of Nest and of everything that logs through it, such as the token cache: each call becomes a line of the log. */
export class NestLog implements LoggerService {
  constructor(private readonly target: Log) {}

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write(FRAMEWORK.has(rest.at(-1)) ? 'debug' : 'info', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest puts the context last. An error comes first, or as a stack between the two. */
  private write(level: Level, message: unknown, rest: readonly unknown[]): void {
    if (!this.target.isLevelEnabled(level)) return;
    const context = typeof rest.at(-1) === 'string' ? (rest.at(-1) as string) : undefined;
    const others = context === undefined ? rest : rest.slice(0, -1);
    const error = [message, ...others].find((part) => part instanceof Error);
    const stack = others.find((part) => typeof part === 'string' && part.includes('\n    at ')) as string | undefined;
    this.target[level](
      {
        context,
        ...(error && { err: error }),
        ...(stack !== undefined && { stack: withoutCredentials(stack) }),
      },
      withoutCredentials(textOf(message)),
    );
  }
}

function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  return message instanceof Error ? message.message : inspect(message, { depth: 2, breakLength: Infinity });
}
