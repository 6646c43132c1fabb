import { type BrokenRun, type Campaign } from './campaign.js';
import { type Hunt } from './mutation-hunt.js';
import { type Outcome } from './simulate.js';

export function reportOf({ broken, only, ...campaign }: Campaign): string {
  const { runs, seconds, simulatedHours, processes, mints, bound, answers, errors, faults } = campaign;
  return [
    ...broken.map((run) => reportOfBroken(run, only)),
    `${runs} runs in ${seconds.toFixed(0)} s (${(runs / seconds).toFixed(1)} a second), ${simulatedHours.toFixed(0)} simulated hours, ${processes} processes`,
    `${mints} mints, at most ${bound} allowed; ${answers} callers were given a token`,
    `callers heard ${listOf(errors) || 'no error'}`,
    `runs with each fault: ${listOf(faults)}`,
    broken.length === 0 ? 'Every promise held.' : `${broken.length} runs broke a promise.`,
  ].join('\n');
}

export function reportOfRun({ seed, faults, breach, history }: Outcome): string {
  const verdict = breach ? `BROKEN: ${breach.invariant}: ${breach.detail}` : 'Every promise held.';
  return [...history, `Seed ${seed}, faults: ${faults.join(', ') || 'none'}`, verdict].join('\n');
}

/** A table in Markdown. */
export function reportOfHunts(hunts: readonly Hunt[]): string {
  const rows = hunts.map(({ name, seed, invariant }) => `| ${name} | ${seed ?? 'NOT FOUND'} | ${invariant ?? ''} |`);
  return ['| defect | seed | promise that it breaks |', '|---|---|---|', ...rows].join('\n');
}

function reportOfBroken({ seed, faults, breach, last }: BrokenRun, only: readonly string[]): string {
  const chosen = only.map((fault) => ` --fault ${JSON.stringify(fault)}`).join('');
  return [
    `Seed ${seed} broke "${breach.invariant}": ${breach.detail}`,
    `Faults: ${faults.join(', ') || 'none'}`,
    ...last,
    `Replay it with: npm run simulate -- --seed ${seed}${chosen}`,
    '',
  ].join('\n');
}

function listOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .sort(([, one], [, other]) => other - one)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
