import { execFileSync } from 'node:child_process';
import { ROOT } from './fleet.js';

export interface LintedLine {
  /** A file of the workspace in whose place the line is linted. */
  readonly file: string;
  readonly code: string;
}

/** In a process of its own: ESLint loads its configuration as an ES module, which Jest on Node 20 cannot. */
const LINT = `
  import { ESLint } from 'eslint';
  const eslint = new ESLint();
  const lines = JSON.parse(process.argv[1]);
  const rules = lines.map(() => []);
  for (const file of new Set(lines.map((line) => line.file))) {
    const places = lines.flatMap((line, index) => (line.file === file ? [index] : []));
    const text = places.map((index) => lines[index].code).join('\\n') + '\\nexport {};\\n';
    const [{ messages }] = await eslint.lintText(text, { filePath: file });
    for (const { severity, line, ruleId, message } of messages)
      if (severity === 2) rules[places[line - 1]].push(ruleId ?? message);
  }
  console.log(JSON.stringify(rules));
`;

/** The rules that each line breaks, in the order of the lines. */
export function rulesBrokenBy(lines: readonly LintedLine[]): string[][] {
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', LINT, JSON.stringify(lines)], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, NX_DAEMON: 'false' },
  });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as string[][];
}
