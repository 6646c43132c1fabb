import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** In one file of a build, one text for another. White space counts as a separator only: a formatter may lay it out anew. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** Edits a file of a build in place. @throws Error when the text is not there exactly once */
export function applyEdit(directory: string, edit: Edit): void {
  const misfit = misfitOf(directory, edit);
  if (misfit !== undefined) throw new Error(misfit);
  const path = join(directory, edit.file);
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace(patternOf(edit.find), () => edit.replace),
  );
}

/** Why an edit cannot be made, and where its text went, if it did. */
export function misfitOf(directory: string, { file, find }: Edit): string | undefined {
  const files = filesOf(directory);
  const timesIn = (other: string): number =>
    readFileSync(join(directory, other), 'utf8').match(patternOf(find))?.length ?? 0;
  const times = files.includes(file) ? timesIn(file) : 0;
  if (times === 1) return undefined;
  const problem = files.includes(file) ? `${file} has it ${times} times` : `there is no ${file}`;
  const elsewhere = files.filter((other) => other !== file && timesIn(other) > 0);
  const hint = elsewhere.length > 0 ? `, but it is in ${elsewhere.join(', ')}` : '';
  const likely = times === 0 && elsewhere.length === 0 ? likelyLineIn(directory, files, file, find) : undefined;
  const advice = likely === undefined ? '' : `\nwhat comes nearest is in ${likely}`;
  return `a text must be there exactly once, and ${problem}${hint}: ${find}${advice}`;
}

/** The line that has most words of a text, with its place: rather in the file where it was. */
function likelyLineIn(directory: string, files: readonly string[], file: string, find: string): string | undefined {
  const words = wordsOf(find);
  let best = { score: words.size / 3, where: undefined as string | undefined };
  for (const other of files) {
    readFileSync(join(directory, other), 'utf8')
      .split('\n')
      .forEach((line, index) => {
        const common = [...wordsOf(line)].filter((word) => words.has(word)).length;
        const score = common + (other === file ? words.size / 4 : 0);
        if (common > 0 && score > best.score) best = { score, where: `${other}:${index + 1}: ${line.trim()}` };
      });
  }
  return best.where;
}

function wordsOf(text: string): Set<string> {
  return new Set(text.match(/\w{2,}/g));
}

function patternOf(text: string): RegExp {
  const words = text.trim().split(/\s+/);
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(escaped.join('\\s+'), 'g');
}

function filesOf(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return names.map((name) => name.replaceAll('\\', '/')).filter((name) => name.endsWith('.js'));
}
