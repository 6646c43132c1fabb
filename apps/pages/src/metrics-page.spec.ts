import { contentOf, files } from './workspace.js';

const OURS = /^name: '((?:token|gateway|cluster)_\w+)'/;
const ROW = /^\| `((?:token|gateway|cluster)_\w+)` +\| \w+ +\| (.*?) +\|/gm;

/** The labels of each metric that the workspace exports. */
function declared(): Map<string, string[]> {
  const sources = files.filter((path) => /^(apps\/gateway|libs\/[\w-]+)\/src\/.*(?<!spec)\.ts$/.test(path));
  const parts = sources.flatMap((path) => contentOf(path).split(/(?=name: ')/));
  return new Map(parts.flatMap((part) => (OURS.test(part) ? [[OURS.exec(part)![1]!, labelsOf(part)] as const] : [])));
}

/** Those that a provider of Nest declares, or that a value of ours has. */
function labelsOf(declaration: string): string[] {
  const [list = ''] = /labelNames: \[[^\]]*\]|labels: \{.*/.exec(declaration) ?? [];
  return [...list.matchAll(/'(\w+)'|(?<=\{ )(\w+):/g)].map(([, label, key]) => label ?? key ?? '').sort();
}

it('docs/metrics.md has each metric with its labels, and no other', () => {
  const rows = [...contentOf('docs/metrics.md').matchAll(ROW)];
  const written = rows.map(([, name = '', labels = '']) => [
    name,
    [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label).sort(),
  ]);
  expect(written).toHaveLength(declared().size);
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(declared()));
});
