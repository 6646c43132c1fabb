import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './fleet.js';
import { withWorkspaceOf } from './workspace-of.js';

export interface RefusedImport {
  readonly from: string;
  readonly to: string;
  readonly rule: string;
}

/** What the workspace's rules for imports refuse in a workspace of these files alone, by path. */
export function refusedImports(files: Readonly<Record<string, string>>): RefusedImport[] {
  return withWorkspaceOf(files, (directory) => {
    const config = join(ROOT, '.dependency-cruiser.mjs');
    const depcruise = join(ROOT, 'node_modules/.bin/depcruise');
    const output = execFileSync(depcruise, ['--config', config, '--output-type', 'json', ...Object.keys(files)], {
      cwd: directory,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    const { summary } = JSON.parse(output) as {
      summary: { violations: { from: string; to: string; rule: { name: string } }[] };
    };
    return summary.violations.map(({ from, to, rule }) => ({ from, to, rule: rule.name }));
  });
}
