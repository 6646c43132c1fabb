import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './fleet.js';
import { withWorkspaceOf } from './workspace-of.js';

/** What tells the linter its rules, Nx the projects and the compiler the types. */
const SETTINGS = ['.oxlintrc.json', '.gitignore', 'nx.json', ':(glob)**/package.json', ':(glob)**/tsconfig.json'];

export interface LintedFile {
  /** Where the file would stand in the workspace. */
  readonly file: string;
  readonly code: string;
}

/** The rules that each of these files breaks, by path; all are linted as if they stood in this workspace, with nothing else. */
export function rulesBrokenBy(linted: readonly LintedFile[]): Record<string, string[]> {
  const settings = execFileSync('git', ['ls-files', ...SETTINGS], { cwd: ROOT, encoding: 'utf8' })
    .trim()
    .split('\n');
  const files = Object.fromEntries([
    ...settings.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')] as const),
    ...linted.map(({ file, code }) => [file, code] as const),
  ]);
  return withWorkspaceOf(files, (directory) => {
    const options = { cwd: directory, encoding: 'utf8', env: { ...process.env, NX_DAEMON: 'false' } } as const;
    // The rule for the projects reads the graph that the last command of Nx left.
    execFileSync(join(ROOT, 'node_modules/.bin/nx'), ['show', 'projects'], { ...options, stdio: 'pipe' });
    const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/oxlint'), ['--format=json'], options);
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
    const rulesOf = (path: string) => diagnostics.filter(({ filename }) => filename === path).map(({ code }) => code);
    return Object.fromEntries(linted.map(({ file }) => [file, rulesOf(file)]));
  });
}
