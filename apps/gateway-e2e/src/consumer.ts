import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './fleet.js';

const execute = promisify(execFile);
const NPM_OPTIONS = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', '--loglevel=error'];

/** Packs a package of the workspace as `npm publish` would; answers the path of the tarball. */
export async function pack(packageFolder: string, into: string): Promise<{ tarball: string; files: string[] }> {
  const { stdout } = await execute('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', into], {
    cwd: join(ROOT, packageFolder),
  });
  const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  return { tarball: join(into, packed.filename), files: packed.files.map(({ path }) => path).sort() };
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

  /** Runs an ES module of this application; answers what it printed. */
  run(source: string, name = 'main.js'): Promise<string> {
    return this.node(this.write(name, source));
  }

  /** @throws Error with what the compiler found */
  async compile(source: string): Promise<void> {
    const options = { strict: true, noEmit: true, module: 'nodenext', target: 'es2022', types: ['node'] };
    this.write('main.ts', source);
    this.write('tsconfig.json', JSON.stringify({ compilerOptions: options, files: ['main.ts'] }));
    await this.node(join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', this.folder);
  }

  private async node(...args: string[]): Promise<string> {
    try {
      const { stdout } = await execute(process.execPath, args, { cwd: this.folder });
      return stdout.trim();
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      throw new Error(`${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
    }
  }
}
