import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compilerFindings } from './compiler.js';
import { ROOT } from './fleet.js';

const execute = promisify(execFile);
const NPM_OPTIONS = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', '--loglevel=error'];

export interface Packed {
  /** Path of the tarball. */
  readonly tarball: string;
  readonly files: string[];
  /** In bytes. */
  readonly size: number;
  readonly unpackedSize: number;
}

/** Packs a package of the workspace as `npm publish` would. */
export async function pack(packageFolder: string, into: string): Promise<Packed> {
  const { stdout } = await execute('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', into], {
    cwd: join(ROOT, packageFolder),
  });
  type Listed = Omit<Packed, 'files' | 'tarball'> & { filename: string; files: { path: string }[] };
  const [{ filename, files, size, unpackedSize }] = JSON.parse(stdout) as [Listed];
  return { tarball: join(into, filename), files: files.map(({ path }) => path).sort(), size, unpackedSize };
}

interface CompilerOptions {
  /** Of the file. @defaultValue `'main.ts'` */
  name?: string;
  module?: string;
  moduleResolution?: string;
  ignoreDeprecations?: string;
}

const STRICT = { strict: true, noEmit: true, module: 'nodenext', target: 'es2022', types: ['node'] };

/** What this run of Jest has set, and a host has not. */
const OURS = ['NODE_ENV', 'NODE_OPTIONS', 'JEST_WORKER_ID'];

function hostEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.includes(name)));
}

/** An application of somebody else: a folder outside of the workspace. */
export class Consumer {
  constructor(readonly folder: string) {
    mkdirSync(folder, { recursive: true });
    this.write('package.json', JSON.stringify({ name: 'consumer', version: '1.0.0', private: true, type: 'module' }));
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  async install(...packages: string[]): Promise<void> {
    await execute('npm', ['install', '--save-exact', ...NPM_OPTIONS, ...packages], { cwd: this.folder });
  }

  /** Runs a module of this application, an ES module unless its name says otherwise; answers what it printed. */
  run(source: string, name = 'main.js'): Promise<string> {
    return this.node(this.write(name, source));
  }

  /**
   * Compiles a file with the workspace's compiler, which checks it and the declarations of that package.
   *
   * @throws Error with what the compiler found
   */
  compile(source: string, packageName: string, { name = 'main.ts', ...options }: CompilerOptions = {}): void {
    const file = this.write(name, source);
    const isOurs = (path: string) => path === file || path.includes(`/node_modules/${packageName}/`);
    const compilerOptions = { ...STRICT, ...options };
    const found = compilerFindings(this.folder, { files: [file], compilerOptions }, isOurs);
    if (found.length > 0) throw new Error(found.join(''));
  }

  /** Runs a program of a package that this application has; answers what it printed. */
  bin(path: string, ...args: string[]): Promise<string> {
    return this.node(join(this.folder, 'node_modules', path), ...args);
  }

  /**
   * Runs a script of this application's `package.json`; answers what it printed.
   *
   * @throws Error with all that it printed
   */
  script(name: string): Promise<string> {
    return this.execute('npm', ['run', '--silent', name]);
  }

  node(...args: string[]): Promise<string> {
    return this.execute(process.execPath, args);
  }

  private async execute(program: string, args: string[]): Promise<string> {
    try {
      const { stdout, stderr } = await execute(program, args, { cwd: this.folder, env: hostEnvironment() });
      return (stdout + stderr).trim();
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
    }
  }
}
