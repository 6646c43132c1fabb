import { execFileSync } from 'node:child_process';
import { ROOT } from './fleet.js';

export interface LintedLine {
  /** A file of the workspace in whose place the line is linted. */
  readonly file: string;
  readonly code: string;
}

const RULES = `
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
const IGNORED = `
  const ignored = [];
  for (const file of JSON.parse(process.argv[1])) if (await eslint.isPathIgnored(file)) ignored.push(file);
  console.log(JSON.stringify(ignored));
`;

/** The rules that each line breaks, in the order of the lines. */
export function rulesBrokenBy(lines: readonly LintedLine[]): string[][] {
  return withESLint(RULES, lines);
}

/** Those of the files, which need not exist, that are not linted. */
export function ignoredOf(files: readonly string[]): string[] {
  return withESLint(IGNORED, files);
}

/** In a process of its own: ESLint loads its configuration as an ES module, which Jest on Node 20 cannot. */
function withESLint<T>(code: string, argument: unknown): T {
  const program = `import { ESLint } from 'eslint'; const eslint = new ESLint(); ${code}`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program, JSON.stringify(argument)], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, NX_DAEMON: 'false' },
  });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as T;
}
