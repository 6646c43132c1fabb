import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './fleet.js';
import { withWorkspaceOf } from './workspace-of.js';

const CONFIG = '.oxlintrc.json';

/** The rules that know types which each of these files breaks, by path; each is linted as if it stood in this workspace. */
export function typedRulesBrokenBy(files: Readonly<Record<string, string>>): Record<string, string[]> {
  const projects = Object.keys(files).map((path) => join(path.split('/').slice(0, 2).join('/'), 'tsconfig.json'));
  const copied = [CONFIG, ...projects].map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]);
  return withWorkspaceOf({ ...files, ...(Object.fromEntries(copied) as Record<string, string>) }, (directory) => {
    const oxlint = join(ROOT, 'node_modules/.bin/oxlint');
    const folders = [...new Set(Object.keys(files).map((path) => dirname(path)))];
    const { stdout } = spawnSync(oxlint, ['--format=json', ...folders], { cwd: directory, encoding: 'utf8' });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
    return Object.fromEntries(
      Object.keys(files).map((path) => [
        path,
        diagnostics.filter(({ filename }) => filename === path).map(({ code }) => code),
      ]),
    );
  });
}
