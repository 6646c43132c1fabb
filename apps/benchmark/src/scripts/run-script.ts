import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Runs a script of this folder in a process of its own, and answers what it told. */
export async function runScript<Answer>(
  name: string,
  args: readonly string[],
  nodeArgs: readonly string[] = [],
): Promise<Answer> {
  const script = fileURLToPath(new URL(`${name}.js`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', ...nodeArgs, script, ...args]);
  return JSON.parse(stdout) as Answer;
}

/** What a script answers. */
export function tell(answer: unknown): void {
  process.stdout.write(JSON.stringify(answer), () => process.exit(0));
}
