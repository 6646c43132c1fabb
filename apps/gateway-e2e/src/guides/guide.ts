import { spawn } from 'node:child_process';
import { freePort, lastWill } from '@mintonce/test-support';
import { type Block, blocksOf } from '../pages/blocks.js';

/** A guide that can be followed: its commands and the files that it has its reader write, in order. */
export interface Guide {
  readonly page: string;
  readonly steps: readonly Step[];
}

/** A block of the page. */
export interface Step {
  readonly code: string;
  /** The file that it is, as its first line says; a block without one holds commands. */
  readonly file?: string;
}

/** What a step printed, and how long it took. */
export interface StepResult extends Step {
  readonly output: string;
  readonly tookMs: number;
}

export interface Surroundings {
  /** The folder that the guide begins in. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** A step with what is different here, such as addresses. */
  here(code: string): string;
}

/** The file that a block is: `// src/app.module.ts` or `# ~/mintonce/gateway.yaml` as its first line. */
const FILE = /^(?:\/\/|#) ([\w~./-]+\.\w+)\n/;
const MARK = '=== the step is done ===';

/** @throws Error naming a block of the page that is neither commands nor a file */
export function readGuide(root: string, page: string): Guide {
  return { page, steps: blocksOf(root, page).map(stepOf) };
}

function stepOf({ page, language, code }: Block): Step {
  if (language === 'sh') return { code };
  const [, file] = FILE.exec(code) ?? [];
  if (file === undefined) throw new Error(`${page} has a block that is neither commands nor a file:\n${code}`);
  return { code, file };
}

/**
 * Follows steps in one shell, as a reader does.
 *
 * @param onStep is told of each step when it is done
 * @returns what each step printed
 * @throws Error with the output of the step whose command failed
 */
export async function follow(
  steps: readonly Step[],
  surroundings: Surroundings,
  onStep: (result: StepResult) => void = () => {},
): Promise<StepResult[]> {
  const results: StepResult[] = [];
  let output = '';
  let startedAt = Date.now();
  const code = await bash(scriptOf(steps, surroundings), surroundings, (text) => {
    output += text;
    for (let end = output.indexOf(MARK); end >= 0; end = output.indexOf(MARK)) {
      const result = { ...steps[results.length]!, output: output.slice(0, end), tookMs: Date.now() - startedAt };
      onStep(result);
      results.push(result);
      [output, startedAt] = [output.slice(end + MARK.length), Date.now()];
    }
  });
  if (code !== 0) throw new Error(`The shell ended with ${code}:\n${output}`);
  return results;
}

function scriptOf(steps: readonly Step[], { here }: Surroundings): string {
  return ['set -euo pipefail', ...steps.map((step) => `${here(commandsOf(step))}\necho '${MARK}'`)].join('\n');
}

function commandsOf({ code, file }: Step): string {
  return file === undefined ? code : `cat > ${file} <<'END OF FILE'\n${code}END OF FILE`;
}

/** A process group of its own, of which nothing is left when the script, or this process, has ended. Answers the exit code. */
function bash(script: string, { cwd, env }: Surroundings, onOutput: (text: string) => void): Promise<number | null> {
  const shell = spawn('bash', ['-c', script], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [shell.stdout, shell.stderr]) stream.setEncoding('utf8').on('data', onOutput);
  return new Promise((resolve, reject) => {
    shell.once('error', reject);
    shell.once('spawn', () => {
      const will = lastWill('kill -KILL -- "-$1"', [String(shell.pid)]);
      shell.once('exit', () => {
        end(-shell.pid!);
        will.revoke();
      });
    });
    shell.once('close', (code) => resolve(code));
  });
}

function end(group: number): void {
  try {
    process.kill(group, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Puts a free port in the place of each of these, which something of the user's may have. */
export async function onFreePorts(ports: readonly number[]): Promise<(code: string) => string> {
  const free = new Map<string, number>();
  for (const port of ports) free.set(String(port), await freePort());
  const known = new RegExp(`\\b(${ports.join('|')})\\b`, 'g');
  return (code) => code.replace(known, (port) => String(free.get(port)));
}

/** What a run of Jest or npm sets, and the shell of a reader has not. */
export function readersEnvironment(): NodeJS.ProcessEnv {
  const isForeign = /^(NODE_ENV|NODE_OPTIONS|JEST_|NX_|PM2_|npm_|INIT_CWD|GATEWAY_|REDIS_URL|HOST$|PORT$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isForeign.test(name)));
}
