import { type Page } from './page.js';
import { contentOf, entryPoints, find, isIgnored, words } from './workspace.js';

const PATH = /^[\w@.-]+(\/[\w@.-]+)*\/?$/;
const FILE = /\.(ts|mjs|cjs|js|lua|json|ya?ml|md|conf)$/;
const SPEC = /\.(e2e-)?spec$/;
const FOLDER = /^(apps|libs|docs|docker|deploy|tools|src)(\/|$)/;
/** `TokenService`, `leaseMs`, `invalidate()`, `tokens.getToken`, `TOKEN_WAIT_TIMEOUT`. */
const NAME = /^(?:\w+\.)*(\w+)(\(\))?$/;

/** Paths, entry points and names in backticks that are not of this workspace. */
export function brokenNames({ codes }: Page, external: ReadonlySet<string>): string[] {
  return codes.filter((code) => !external.has(code) && !exists(code));
}

/** Tests that a page quotes and that are not in the file which it names. */
export function brokenQuotes({ quotedTests }: Page): string[] {
  return quotedTests
    .filter(({ file, test }) => !find(fileOf(file)).some((path) => unescaped(contentOf(path)).includes(test)))
    .map(({ file, test }) => `${file} “${test}”`);
}

function exists(code: string): boolean {
  if (code.startsWith('@mintonce/')) return entryPoints.has(code);
  if (PATH.test(code) && (FILE.test(code) || SPEC.test(code) || FOLDER.test(code)))
    return find(fileOf(code)).length > 0 || isIgnored(code);
  const [, name = '', isCall] = NAME.exec(code) ?? [];
  return !(isCall || /[a-z][A-Z]|^[A-Z]+_[A-Z_]+$/.test(name)) || words.has(name);
}

function fileOf(name: string): string {
  return SPEC.test(name) ? `${name}.ts` : name;
}

function unescaped(source: string): string {
  return source.replaceAll("\\'", "'");
}
