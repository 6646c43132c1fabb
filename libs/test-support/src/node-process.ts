import { type Exit, Supervised } from './supervised.js';
import { waitFor } from './wait-for.js';

export interface NodeProcessOptions {
  args?: readonly string[];
  /** Options of Node itself, before the script. */
  nodeArgs?: readonly string[];
  /** Added to the environment of this process; `undefined` takes a variable away. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Waits until the output matches. */
  readyWhen?: RegExp;
}

/** A Node script as a child process, with all that it printed. */
export interface NodeProcess {
  readonly pid: number;
  readonly running: boolean;
  readonly exited: Promise<Exit>;
  /** What it printed so far, standard output and standard error in the order of arrival. */
  output(): string;
  /** @throws Error with the output, when the process ends or the time is over before the output matches. */
  waitForOutput(pattern: RegExp): Promise<RegExpExecArray>;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL after ten seconds. */
  stop(): Promise<Exit>;
  kill(): Promise<Exit>;
}

/** @throws Error with the output, when the script does not become ready. */
export function startNode(script: string, options: NodeProcessOptions = {}): Promise<NodeProcess> {
  const { args = [], nodeArgs = [], env, ...rest } = options;
  const command = [process.execPath, ...nodeArgs, script, ...args];
  return startProgram(command, { ...rest, env: { ...process.env, ...env } });
}

/**
 * Starts any program.
 *
 * @param options `env` is its whole environment
 * @throws Error with the output, when it does not become ready.
 */
export async function startProgram(
  [program = '', ...args]: readonly string[],
  { env, cwd, readyWhen }: Pick<NodeProcessOptions, 'env' | 'cwd' | 'readyWhen'>,
): Promise<NodeProcess> {
  const supervised = await Supervised.start(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const node = new RunningNode(supervised);
  if (!readyWhen) return node;
  try {
    await node.waitForOutput(readyWhen);
    return node;
  } catch (error) {
    await node.kill();
    throw error;
  }
}

class RunningNode implements NodeProcess {
  private printed = '';

  constructor(private readonly supervised: Supervised) {
    const { stdout, stderr } = supervised.child;
    for (const stream of [stdout, stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.printed += text));
    }
  }

  get pid(): number {
    return this.supervised.pid;
  }

  get running(): boolean {
    return this.supervised.running;
  }

  get exited(): Promise<Exit> {
    return this.supervised.exited;
  }

  output(): string {
    return this.printed;
  }

  async waitForOutput(pattern: RegExp): Promise<RegExpExecArray> {
    const match = () => new RegExp(pattern.source, pattern.flags.replace('g', '')).exec(this.printed);
    try {
      const ended = await waitFor(() => match() !== null || !this.running, { description: String(pattern) });
      const found = ended && match();
      if (found) return found;
      throw new Error(`The process ended before it printed ${pattern}`);
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${this.printed}`, { cause: error });
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.supervised.signal(signal);
  }

  async stop(): Promise<Exit> {
    return await this.supervised.stop();
  }

  async kill(): Promise<Exit> {
    return await this.supervised.stop('SIGKILL');
  }
}
