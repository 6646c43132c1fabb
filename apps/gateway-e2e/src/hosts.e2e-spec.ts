import { type TemporaryDirectory, temporaryDirectory } from '@mintonce/test-support';
import { join } from 'node:path';
import { type Consumer, pack } from './consumer.js';
import { useLibrary } from './host-application.js';
import { generateNestProject, type NestGenerator } from './nest-project.js';

jest.setTimeout(600_000);

const FOR_ALL = ['ioredis@5.11.1', 'libsql@0.5.29', 'oauth4webapi@3.8.8', 'axios@1.21.1', 'undici@7.30.2'];
const METRICS = ['prom-client@15.1.3', '@willsoto/nestjs-prometheus@6.1.1'];

interface Host extends NestGenerator {
  readonly name: string;
  readonly terminus: string;
}
const NEST_11: Host = { name: 'Nest 11', schematics: '11.1.0', schematicsCli: '19.2.27', terminus: '11.1.1' };
const NEST_12 = { schematics: '12.0.6', schematicsCli: '22.2.7', terminus: '12.1.0' };
const NEST_12_ESM: Host = { ...NEST_12, name: 'Nest 12', type: 'esm' };
const NEST_12_CJS: Host = { ...NEST_12, name: 'Nest 12 in CommonJS', type: 'cjs' };

/** Nest 12 consists of ES modules, which Jest cannot `require` before this version of Node. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const hasJestForEsModules = major > 24 || (major === 24 && minor >= 9);
const HOSTS = [NEST_11, NEST_12_ESM, ...(hasJestForEsModules ? [NEST_12_CJS] : [])];

let packed: TemporaryDirectory;
let tarball: string;

beforeAll(async () => {
  packed = temporaryDirectory();
  ({ tarball } = await pack('libs/token-cache', packed.path));
});
afterAll(() => packed.remove());

describe.each(HOSTS)('A project of the generator of $name, with the packed library and no setting of ours', (host) => {
  let directory: TemporaryDirectory;
  let project: Consumer;

  beforeAll(async () => {
    directory = temporaryDirectory();
    project = await generateNestProject(join(directory.path, 'host'), host);
    await project.install(tarball, ...FOR_ALL, ...METRICS, `@nestjs/terminus@${host.terminus}`);
    useLibrary(project, host.type === 'esm' ? '.js' : '');
  });

  afterAll(() => directory.remove());

  it('compiles and answers', async () => {
    await project.bin('typescript/bin/tsc', '-p', 'tsconfig.build.json');
    await expect(project.node('main.mjs')).resolves.toMatch(/^billing-token-1 true up$/);
  });

  it('passes its unit tests', async () => {
    await expect(project.script('test')).resolves.toMatch(/2 passed/);
  });

  it('passes its end-to-end tests', async () => {
    await expect(project.script('test:e2e')).resolves.toMatch(/1 passed/);
  });
});
