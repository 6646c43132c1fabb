import { execFileSync } from 'node:child_process';
import { ROOT } from './fleet.js';

export interface LintedLine {
  /** A file of the workspace in whose place the line is linted: rules that know types want one that exists. */
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

const SEVERITIES = `
  import { ESLint } from 'eslint';
  const eslint = new ESLint();
  const [files, rule] = JSON.parse(process.argv[1]);
  const configs = await Promise.all(files.map((file) => eslint.calculateConfigForFile(file)));
  console.log(JSON.stringify(configs.map(({ rules }) => [rules[rule] ?? 0].flat()[0])));
`;

/** The rules that each line breaks, in the order of the lines. */
export function rulesBrokenBy(lines: readonly LintedLine[]): string[][] {
  return runEslint(LINT, lines) as string[][];
}

/** How severe a rule is in each file: 2 is an error. */
export function severityIn(files: readonly string[], rule: string): number[] {
  return runEslint(SEVERITIES, [files, rule]) as number[];
}

function runEslint(script: string, argument: unknown): unknown {
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(argument)], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, NX_DAEMON: 'false' },
  });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}
