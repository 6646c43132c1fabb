import { type Page } from './page.js';
import { files, find, scripts, targets } from './workspace.js';

const BUILT_IN = new Set(['ci', 'test', 'start', 'install', 'pack', 'audit']);

/** Commands of a page that would not start: no such script, project, target, program or test file. */
export function brokenCommands({ codes, shellLines }: Page): string[] {
  const lines = [...codes, ...shellLines].map((line) => line.replace(/#.*/, ''));
  const commands = lines.flatMap((line) => line.split(/&&|\||;/)).map((command) => command.trim());
  return commands.filter((command) => !starts(command));
}

function starts(command: string): boolean {
  const words = command.split(/\s+/).filter((word) => !/^[A-Z_]+=/.test(word));
  const [program, first = '', ...rest] = words;
  if (program === 'npm' && first === 'run') return scripts.has(rest[0] ?? '');
  if (program === 'npm') return BUILT_IN.has(first);
  if (program === 'npx' && first === 'nx') return startsNx(rest);
  if (program === 'npx' && first === 'jest') return rest.filter(isPattern).every((pattern) => testsOf('', pattern) > 0);
  if (program === 'node' && /^[\w.]+\//.test(first)) return isOfTheReader(first) || find(sourceOf(first)).length > 0;
  return true;
}

function startsNx([verb = '', ...rest]: string[]): boolean {
  if (verb === 'graph' || verb === 'affected' || verb === 'show') return true;
  if (verb === 'run-many')
    return targetsNamed(rest).every((target) => [...targets.values()].some((all) => all.has(target)));
  const [project = '', target = ''] = verb === 'run' ? (rest[0] ?? '').split(':') : [rest[0], verb];
  const pattern = rest.flatMap((word) => /^--testPathPatterns=(.+)/.exec(word)?.[1] ?? [])[0];
  return (targets.get(project)?.has(target) ?? false) && (pattern === undefined || testsOf(project, pattern) > 0);
}

/** `-t lint test` */
function targetsNamed(words: string[]): string[] {
  const names = words.slice(words.indexOf('-t') + 1);
  const end = names.findIndex((word) => word.startsWith('-'));
  return end === -1 ? names : names.slice(0, end);
}

function testsOf(project: string, pattern: string): number {
  const wanted = new RegExp(pattern.replace(/^"|"$/g, ''));
  return files.filter((path) => /spec\.ts$/.test(path) && path.includes(project) && wanted.test(path)).length;
}

function isPattern(word: string): boolean {
  return !word.startsWith('-');
}

/** The application of a guide is built into its own folder. */
function isOfTheReader(path: string): boolean {
  return path.startsWith('dist/');
}

/** Built files are not in git; what they are built from is. */
function sourceOf(path: string): string {
  return path.replace(/\/dist\/(.*)\.js$/, '/src/$1.ts');
}
