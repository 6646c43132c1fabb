import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { copyOf, type Instruction, lineageOf, pairsOf, type Stage } from './dockerfile.js';

const execute = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** A built stage: its file system is a folder. */
export interface Image {
  readonly root: string;
  readonly workdir: string;
  /** What its processes find in the environment; paths are those of the folder. */
  readonly env: Record<string, string>;
}

/**
 * Builds the stages of a Dockerfile without a container engine: `COPY` for all of them, `RUN` for those that need no
 * more than the folder, and this machine's Node in the place of the image's.
 */
export class ImageBuild {
  private readonly roots = new Map<string, Promise<string>>();

  constructor(
    private readonly stages: readonly Stage[],
    /** The folder given to the builder, and what it does not get to see of it. */
    private readonly context: { readonly path: string; readonly isIgnored: (path: string) => boolean },
    private readonly directory: string,
    private readonly withoutRun: readonly string[],
  ) {}

  async image(name: string): Promise<Image> {
    const root = await this.build(name);
    const instructions = lineageOf(name, this.stages).flatMap((stage) => stage.instructions);
    return { root, workdir: join(root, workdirOf(instructions)), env: environmentOf(instructions, root) };
  }

  private build(name: string): Promise<string> {
    const building = this.roots.get(name) ?? this.buildStage(name);
    this.roots.set(name, building);
    return building;
  }

  private async buildStage(name: string): Promise<string> {
    const stage = this.stages.find((candidate) => candidate.name === name);
    if (!stage) throw new Error(`The Dockerfile has no stage "${name}"`);
    const root = join(this.directory, name);
    mkdirSync(root, { recursive: true });
    await this.inherit(stage, root);
    const inherited = lineageOf(stage.from, this.stages).flatMap(({ instructions }) => instructions);
    for (const [index, instruction] of stage.instructions.entries()) {
      const workdir = join(root, workdirOf([...inherited, ...stage.instructions.slice(0, index)]));
      mkdirSync(workdir, { recursive: true });
      if (instruction.keyword === 'COPY') await this.copy(instruction, root, workdir);
      if (instruction.keyword === 'RUN' && !this.withoutRun.includes(name)) await run(instruction, workdir);
    }
    return root;
  }

  /** The only child of a stage takes its folder over, for a copy of all tools would take long. */
  private async inherit({ from }: Stage, root: string): Promise<void> {
    if (!this.stages.some(({ name }) => name === from)) return;
    const parent = await this.build(from);
    const isOnlyChild = this.stages.filter((stage) => stage.from === from).length === 1;
    for (const entry of ['app', 'opt'].filter((folder) => existsSync(join(parent, folder)))) {
      if (isOnlyChild) renameSync(join(parent, entry), join(root, entry));
      else copyTree(join(parent, entry), join(root, entry));
    }
  }

  private async copy(instruction: Instruction, root: string, workdir: string): Promise<void> {
    const { from, sources, destination } = copyOf(instruction);
    const origin = from ? await this.build(from) : this.context.path;
    const isIgnored = (path: string) => !from && this.context.isIgnored(relative(origin, path));
    const target = destination.startsWith('/') ? join(root, destination) : join(workdir, destination);
    for (const source of sources.map((path) => join(origin, path))) {
      const intoFolder = destination.endsWith('/') && !statSync(source).isDirectory();
      copyTree(source, intoFolder ? join(target, basename(source)) : target, isIgnored);
    }
  }
}

function copyTree(source: string, target: string, isIgnored: (path: string) => boolean = () => false): void {
  mkdirSync(dirname(target), { recursive: true });
  cpSync(source, target, { recursive: true, verbatimSymlinks: true, filter: (path) => !isIgnored(path) });
}

async function run({ text }: Instruction, cwd: string): Promise<void> {
  const command = text.replace(/--mount=\S+\s+/g, '');
  try {
    await execute('sh', ['-c', command], { cwd, env: withoutJest(process.env), maxBuffer: MAX_OUTPUT_BYTES });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`RUN ${command} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** The build must not depend on what runs it: Nx and Jest tell their children about themselves. */
function withoutJest(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(NX_|JEST_|NODE_ENV$)/.test(name)));
}

function workdirOf(instructions: readonly Instruction[]): string {
  return instructions.findLast(({ keyword }) => keyword === 'WORKDIR')?.text ?? '/';
}

function environmentOf(instructions: readonly Instruction[], root: string): Record<string, string> {
  const pairs = instructions.filter(({ keyword }) => keyword === 'ENV').flatMap(pairsOf);
  const inRoot = (value: string) => (value.startsWith('/') ? join(root, value) : value);
  return Object.fromEntries(
    pairs.map(([name, value]) => [name, inRoot(value).replace('$PATH', process.env['PATH'] ?? '')]),
  );
}
