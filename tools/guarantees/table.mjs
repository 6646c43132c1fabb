import { readFileSync } from 'node:fs';

const COLUMNS = [
  ['Fault', ({ fault }) => fault],
  ['Promise', ({ promises }) => promises.join(', ')],
  [
    'Mints',
    ({ mints, bound }) =>
      [mints, bound === undefined ? undefined : `≤ ${bound}`].filter((n) => n !== undefined).join(' '),
  ],
  ['Callers’ errors', ({ errors }) => errors && errorsOf(errors)],
  ['Recovery', ({ recoveryMs }) => recoveryMs !== undefined && `${Math.round(recoveryMs)} ms`],
  ['Seen', ({ seen }) => seen],
  ['Run it again', (row) => `\`${commandOf(row)}\``],
];

/** A table of what was seen, a row for each test and fault; without the columns that would be empty. */
export function tableOf(rows) {
  const cells = rows.map((row) => COLUMNS.map(([, cellOf]) => escaped(cellOf(row) || '')));
  const used = COLUMNS.map((_column, index) => cells.some((row) => row[index] !== ''));
  const lineOf = (line) => `| ${line.filter((_cell, index) => used[index]).join(' | ')} |`;
  return [lineOf(COLUMNS.map(([title]) => title)), lineOf(COLUMNS.map(() => '---')), ...cells.map(lineOf)].join('\n');
}

function errorsOf(errors) {
  const counts = Object.entries(errors).map(([code, count]) => `${count} × ${code}`);
  return counts.length === 0 ? 'none' : counts.join(', ');
}

function commandOf({ project, test }) {
  const pattern = test.replace(/[^\w\s,:;-]/g, '.');
  return `npx nx run ${project}:${targetOf(project)} --testNamePattern "${pattern}"`;
}

function targetOf(project) {
  for (const folder of ['apps', 'libs']) {
    try {
      const { nx } = JSON.parse(
        readFileSync(new URL(`../../${folder}/${project}/package.json`, import.meta.url), 'utf8'),
      );
      return 'e2e' in nx.targets ? 'e2e' : 'test';
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
  }
  throw new Error(`There is no project ${project}`);
}

function escaped(cell) {
  return String(cell).replaceAll('|', '\\|').replace(/\s+/g, ' ');
}
