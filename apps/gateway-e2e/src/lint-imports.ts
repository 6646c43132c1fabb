import { execFileSync } from 'node:child_process';
import { ROOT } from './fleet.js';

export interface ImportCase {
  /** A file of the workspace, which need not exist. */
  readonly file: string;
  readonly imports: string;
}

/** In a process of its own: ESLint loads its configuration as an ES module, which Jest on Node 20 cannot. */
const LINT = `
  import { ESLint } from 'eslint';
  const eslint = new ESLint();
  const rules = [];
  for (const { file, imports } of JSON.parse(process.argv[1])) {
    const [{ messages }] = await eslint.lintText("import '" + imports + "';\\n", { filePath: file });
    rules.push(messages.filter(({ severity }) => severity === 2).map(({ ruleId, message }) => ruleId ?? message));
  }
  console.log(JSON.stringify(rules));
`;

/** The rules that each import breaks, in the order of the cases. */
export function rulesBrokenBy(cases: readonly ImportCase[]): string[][] {
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', LINT, JSON.stringify(cases)], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, NX_DAEMON: 'false' },
  });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as string[][];
}
