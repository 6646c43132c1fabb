import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

const REPORT = new URL('../../reports/mutation/mutation.json', import.meta.url);

/** A table of the last mutation testing, a row for each file; nothing if there was none. */
export function mutationTable() {
  if (!existsSync(REPORT)) return undefined;
  const { files } = JSON.parse(readFileSync(REPORT, 'utf8'));
  const rows = Object.entries(files).map(([path, { mutants }]) => rowOf(basename(path), mutants));
  const all = rowOf(
    '**all**',
    Object.values(files).flatMap(({ mutants }) => mutants),
  );
  return [['File', 'Mutants', 'Found', 'Survived', 'Score'], Array(5).fill('---'), ...rows.filter(Boolean), all]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function rowOf(name, mutants) {
  const count = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
  const [found, survived] = [count('Killed', 'Timeout'), count('Survived', 'NoCoverage')];
  if (found + survived === 0) return undefined;
  return [name, found + survived, found, survived, `${((100 * found) / (found + survived)).toFixed(1)} %`];
}
