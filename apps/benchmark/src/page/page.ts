import { type Comparison, digits, type Entry, type Goal } from '../harness/finding.js';
import { type Report } from '../harness/report.js';
import { type Row } from '../harness/row.js';
import { type Table } from '../harness/table.js';

type RowOfReport = Report['rows'][string];

/** From this load average on, other work takes a good part of a core. */
const QUIET_LOAD = 0.5;

/** The page of a report; it shows ratios, since times say more of the machine than of the code. */
export function page(report: Report, known: readonly Row[]): string {
  const { rows, node, processor, cores } = report;
  const measured = known.flatMap((row) => {
    const finding = rows[row.name];
    return finding ? [{ row, finding }] : [];
  });
  return [
    '# Performance',
    '',
    ...paragraph(
      'This page is made by `npm run bench:page` from what `npm run bench` measured. Contenders work side by side: in every round',
      'each of them has its turn, ratios are taken round by round, and the table shows their median and quartiles. Work that a',
      'process does alone is measured in its processor time, all else by the clock. The payload is a JWT of 1.2 KB, the Redis one',
      `that the run starts itself. Node ${node.slice(1)}, ${cores} cores, ${processor}. \`npm run bench -- near-hit\` measures one row.`,
    ),
    ...paragraph(...whenMeasured(report)),
    '## Goals',
    '',
    ...paragraph(goalsMet(measured.flatMap(({ finding }) => finding.goals))),
    '| row | goal | measured | met |',
    '| --- | --- | --- | --- |',
    ...measured.flatMap(({ row, finding }) => finding.goals.map((goal) => goalLine(row, goal))),
    '',
    ...measured.flatMap(({ row, finding }) => limitLines(row, finding)),
    ...measured.flatMap(({ row, finding }) => section(row, finding)),
  ].join('\n');
}

/** Numbers of a busy machine are no reference, and the reader is told so before any of them. */
function whenMeasured({ rows, cores }: Report): string[] {
  const all = Object.values(rows);
  const days = all.map(({ measuredAt }) => measuredAt.slice(0, 10)).sort();
  const load = Math.max(...all.map((row) => row.load));
  const when = `Measured ${rangeOf(days)}; the load average was ${digits(load)} on ${cores} cores before the run began.`;
  if (load < QUIET_LOAD) return [when];
  return [
    `**${when} The machine was busy with other work.**`,
    'What is measured by the clock is slower than on a quiet machine and scatters more, so these numbers are to be made again on one.',
  ];
}

function rangeOf(days: readonly string[]): string {
  const [first, last] = [days.at(0), days.at(-1)];
  return first === last ? `on ${first}` : `from ${first} to ${last}`;
}

function goalsMet(goals: readonly Goal[]): string {
  const met = goals.filter(({ isMet }) => isMet).length;
  if (met === goals.length) return 'All goals are met.';
  return `${met} of ${goals.length} goals are met. The others are not met yet.`;
}

/** The name of the plot of a comparison. */
export function plotName({ name }: Pick<Row, 'name'>, index: number): string {
  return `${name}${index === 0 ? '' : `-${index + 1}`}.svg`;
}

/** The name of a plot of curves. */
export function curvesName({ name }: Pick<Row, 'name'>, index: number): string {
  return `${name}-curves${index === 0 ? '' : `-${index + 1}`}.svg`;
}

function goalLine({ name }: Row, { goal, measured, isMet }: Goal): string {
  return line(`[${name}](#${name})`, goal, measured, isMet ? 'yes' : '**no**');
}

/** What stops the goals of a row, if any is not met. */
function limitLines({ name, limit }: Row, { goals }: RowOfReport): string[] {
  if (!limit || goals.every(({ isMet }) => isMet)) return [];
  return paragraph(`**What stops ${name}.**`, ...limit);
}

function section(row: Row, { comparisons, tables = [], curves = [], absent = [], tookMs }: RowOfReport): string[] {
  const took = tookMs === undefined ? [] : [`This row takes ${Math.ceil(tookMs / 1_000)} s.`];
  return [
    `## ${row.name}`,
    '',
    ...paragraph(`${row.work}.`, ...(row.notes ?? []), ...absent.map((what) => `**${what}.**`), ...took),
    ...comparisons.flatMap((comparison, index) => comparisonLines(row, comparison, index)),
    ...curves.flatMap(({ title }, index) => [`![${title}](performance/${curvesName(row, index)})`, '']),
    ...tables.flatMap(tableLines),
  ];
}

function tableLines({ title, head: [first = '', ...rest], lines, notes = [] }: Table): string[] {
  return [
    `### ${title}`,
    '',
    ...(notes.length > 0 ? paragraph(...notes) : []),
    line(first, ...rest),
    line('---', ...rest.map(() => '---:')),
    ...lines.map((cells) => line(...cells)),
    '',
  ];
}

function comparisonLines(row: Row, comparison: Comparison, index: number): string[] {
  const { title, unit, base, better, entries } = comparison;
  return [
    ...(entries.length > 2 ? [`![${title}](performance/${plotName(row, index)})`, ''] : []),
    `| ${title}: × ${base}, ${better} is better | median | quartiles | ${shows(unit) ? unit : ''} |`,
    '| --- | ---: | ---: | ---: |',
    ...entries.map((entry) => entryLine(entry, unit)),
    '',
  ];
}

function entryLine({ name, ratio, value, remark, role }: Entry, unit: string): string {
  const label = [role === 'ours' ? `**${name}**` : name, ...(remark ? [`(${remark})`] : [])].join(' ');
  const spread = `${digits(ratio.low)} … ${digits(ratio.high)}`;
  return line(label, digits(ratio.median), spread, shows(unit) ? digits(value.median) : '');
}

/** Whether a value means something on another machine: waits for a mint of a fixed length do, and numbers of things. */
function shows(unit: string): boolean {
  return ['mints', 'commands', 'bytes', 'MB', 'ms'].includes(unit);
}

function line(...cells: string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function paragraph(...sentences: string[]): string[] {
  return [sentences.join(' '), ''];
}
