import { parseArgs } from 'node:util';

export const USAGE = `The same load on a cache of each worker's own and on the shared one, side by side.
  --seconds N   how long (120); from 5 to 600
  --workers N   worker processes on each side (4); from 2 to 16
  --svg PATH    writes the picture to this file as well
  --json        the numbers alone, for programs`;

/** What the story is told with. */
export interface Settings {
  readonly seconds: number;
  /** Worker processes on each side. */
  readonly workers: number;
  readonly svg?: string;
  readonly json: boolean;
  readonly help: boolean;
}

/** A flag that cannot be. */
export class UsageError extends Error {}

/** @throws UsageError naming the flag */
export function parseFlags(args: readonly string[]): Settings {
  const { seconds, workers, ...rest } = valuesOf(args);
  return { ...rest, seconds: wholeNumber('seconds', seconds, 5, 600), workers: wholeNumber('workers', workers, 2, 16) };
}

function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seconds: { type: 'string', default: '120' },
        workers: { type: 'string', default: '4' },
        svg: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`--${name} must be a whole number from ${least} to ${most}, not "${text}"`);
}
