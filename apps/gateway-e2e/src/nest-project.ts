import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Consumer } from './consumer.js';

/** A generator of Nest, and what it makes. */
export interface NestGenerator {
  readonly schematics: string;
  /** The program that runs the generator. */
  readonly schematicsCli: string;
  readonly type?: 'esm' | 'cjs';
}

/** What formats and lints, or serves a developer at the keyboard: no test needs it. */
const NOT_NEEDED = /eslint|oxlint|prettier|globals|mau|coverage|@nestjs\/(cli|schematics)|ts-loader|ts-node/;

interface ProjectManifest {
  devDependencies: Record<string, string>;
}

/** A project as Nest's own generator makes it, with its compiler options and its configuration of tests. */
export async function generateNestProject(folder: string, generator: NestGenerator): Promise<Consumer> {
  const tools = new Consumer(join(folder, 'generator'));
  const { schematics, schematicsCli, type } = generator;
  await tools.install(`@nestjs/schematics@${schematics}`, `@angular-devkit/schematics-cli@${schematicsCli}`);

  const project = new Consumer(join(folder, 'project'));
  rmSync(join(project.folder, 'package.json'));
  await project.node(
    join(tools.folder, 'node_modules/@angular-devkit/schematics-cli/bin/schematics.js'),
    join(tools.folder, 'node_modules/@nestjs/schematics/dist/collection.json') + ':application',
    ...['--name=project', '--directory=.', '--dry-run=false', ...(type ? [`--type=${type}`] : [])],
  );
  const manifest = JSON.parse(readFileSync(join(project.folder, 'package.json'), 'utf8')) as ProjectManifest;
  const needed = Object.entries(manifest.devDependencies).filter(([name]) => !NOT_NEEDED.test(name));
  project.write('package.json', JSON.stringify({ ...manifest, devDependencies: Object.fromEntries(needed) }));
  return project;
}
