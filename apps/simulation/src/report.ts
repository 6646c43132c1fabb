import { type BrokenRun, type Campaign } from './campaign.js';
import { type Hunt } from './mutation-hunt.js';
import { type PairedRuns } from './pairs.js';
import { type Breach } from './verdict.js';

export function reportOf({ broken, ...campaign }: Campaign): string {
  const { runs, seconds, simulatedHours, processes, mints, bound, answers, errors, faults } = campaign;
  return [
    ...broken.map(reportOfBroken),
    `${runs} runs in ${seconds.toFixed(0)} s (${(runs / seconds).toFixed(1)} a second), ${simulatedHours.toFixed(0)} simulated hours, ${processes} processes`,
    `${mints} mints, at most ${bound} allowed; ${answers} callers were given a token`,
    `callers heard ${listOf(errors) || 'no error'}`,
    `runs with each fault: ${listOf(faults)}`,
    broken.length === 0 ? 'Every promise held.' : `${broken.length} runs broke a promise.`,
  ].join('\n');
}

/** One run that was replayed, with as much of its history as was asked for. */
export interface ReplayedRun {
  readonly name: string;
  readonly faults: readonly string[];
  readonly breach?: Breach;
  readonly crash?: string;
  readonly history: readonly string[];
}

export function reportOfRun({ name, faults, breach, crash, history }: ReplayedRun): string {
  return [
    ...history,
    `${name}, faults: ${faults.join(', ') || 'none'}`,
    ...crashLines(crash),
    breach ? `BROKEN: ${breach.invariant}: ${breach.detail}` : 'Every promise held.',
  ].join('\n');
}

/** One schedule of those that were played. */
export interface PlayedSchedule {
  readonly name: string;
  readonly breach?: Breach;
  readonly replay: string;
}

export function reportOfSchedules(played: readonly PlayedSchedule[]): string {
  const lines = played.map(({ name, breach, replay }) =>
    breach ? `BROKEN ${name}: ${breach.invariant}: ${breach.detail}\nReplay it with: ${replay}` : `held   ${name}`,
  );
  return lines.join('\n');
}

/** A table in Markdown. */
export function reportOfHunts(hunts: readonly Hunt[]): string {
  const rows = hunts.map(({ name, isFound, seed, invariant, diedOf }) =>
    isFound
      ? `| ${name} | ${seed} | ${invariant} |`
      : `| ${name} | NOT FOUND | ${diedOf === undefined ? '' : `it died of ${diedOf}`} |`,
  );
  const replays = hunts.flatMap(({ name, replay }) => (replay === undefined ? [] : [`${name}: ${replay}`]));
  return [
    '| defect | seed | promise that it breaks |',
    '|---|---|---|',
    ...rows,
    '',
    'Replay them with:',
    ...replays,
  ].join('\n');
}

/** A table in Markdown of the faults, alone and in pairs, that broke a promise. */
export function reportOfPairs(rows: readonly PairedRuns[]): string {
  const broken = rows.filter(({ first }) => first);
  return [
    '| faults | broken | first | promise |',
    '|---|---|---|---|',
    ...broken.map(reportOfPair),
    '',
    ...(broken.length > 0 ? ['Replay them with:'] : []),
    ...broken.flatMap(({ first }) => first?.replay ?? []),
    `${rows.length} combinations of faults, ${broken.length} of them broke a promise.`,
  ].join('\n');
}

export function reportOfPair({ faults, runs, broken, first }: PairedRuns): string {
  return `| ${faults.join(' + ')} | ${broken} of ${runs} | ${first?.seed ?? ''} | ${first?.breach.invariant ?? ''} |`;
}

function reportOfBroken({ seed, faults, breach, crash, last, replay }: BrokenRun): string {
  return [
    `Seed ${seed} broke "${breach.invariant}": ${breach.detail}`,
    `Faults: ${faults.join(', ') || 'none'}`,
    ...crashLines(crash),
    ...last,
    `Replay it with: ${replay}`,
    '',
  ].join('\n');
}

function crashLines(crash: string | undefined): string[] {
  return crash === undefined ? [] : [`The library made a mistake: ${crash}`];
}

function listOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .sort(([, one], [, other]) => other - one)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
