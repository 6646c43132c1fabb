import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import {
  certificateAuthority,
  freePort,
  type RedisServer,
  startNode,
  startRedis,
  waitFor,
} from '@mintonce/test-support';
import { ROOT } from './fleet.js';
import { type Block, blocksOf, pagesOf } from './pages/blocks.js';
import { type Outside, startOutside } from './pages/outside.js';

const execute = promisify(execFile);
const blocks = pagesOf(ROOT).flatMap((page) => blocksOf(ROOT, page));
const code = blocks
  .filter(({ language }) => language === 'ts')
  .map((block, index) => ({ ...block, name: `block-${index}` }));
const [suites, programs] = [code.filter(isSuite), code.filter((block) => !isSuite(block))];

type NamedBlock = (typeof code)[number];

interface Outcome {
  readonly file: string;
  readonly printed?: string;
  readonly booted?: readonly string[];
  readonly error?: string;
}

/** Tests, which Jest runs. */
function isSuite({ code }: Block): boolean {
  return /^describe\w*\(/m.test(code);
}

function titleOf({ page, code: text }: Block): string {
  const line = readFileSync(join(ROOT, page), 'utf8').split(text)[0]!.split('\n').length;
  return `${page}:${line}`;
}

/** What a run of Jest sets, and a reader has not. */
const READER = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(NODE_ENV|NODE_OPTIONS|JEST_.*)$/.test(name)),
);

describe('What the pages show', () => {
  let directory: string;
  let outside: Outside;
  let redis: RedisServer;

  /** As the page has it, with the servers and folders of this test. */
  const here = (text: string): string =>
    outside
      .here(text)
      .replaceAll('new Redis({', `new Redis({ port: ${redis.port},`)
      .replaceAll('/var/lib/shop', join(directory, 'state'))
      .replaceAll('/run/secrets', join(directory, 'secrets'));

  beforeAll(async () => {
    // Inside the workspace, so that packages are found as an application in it would find them.
    mkdirSync(join(ROOT, '.mintonce'), { recursive: true });
    directory = mkdtempSync(join(ROOT, '.mintonce', 'pages-'));
    await writeSecrets();
    writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
    [outside, redis] = await Promise.all([startOutside(directory), startRedis()]);
    for (const block of code) writeFileSync(join(directory, `${block.name}.ts`), block.code);
    const compilerOptions = {
      rootDir: '.',
      outDir: 'dist',
      declaration: false,
      sourceMap: false,
      inlineSources: false,
    };
    const tsconfig = { extends: '../../tsconfig.base.json', compilerOptions, include: ['*.ts'] };
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(tsconfig));
  });

  /** The files that the pages name. */
  async function writeSecrets(): Promise<void> {
    const authority = await certificateAuthority();
    const { cert, key } = await authority.issue('gateway.example');
    const files = {
      'tls/ca.pem': authority.cert,
      'tls/client.pem': cert,
      'tls/client.key': key,
      'tls.crt': cert,
      'tls.key': key,
    };
    const token_key = randomBytes(32).toString('base64');
    for (const folder of ['tls', 'secrets']) mkdirSync(join(directory, folder));
    for (const [name, text] of Object.entries({ ...files, 'secrets/token_key': token_key })) {
      writeFileSync(join(directory, name), text);
    }
  }

  afterAll(async () => {
    await Promise.all([outside.stop(), redis.stop()]);
    rmSync(directory, { recursive: true, force: true });
  });

  it('compiles', async () => {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    await expect(execute(process.execPath, [tsc, '-p', directory])).resolves.toMatchObject({ stdout: '' });
  });

  describe('as a program', () => {
    let outcomes: Map<string, Outcome>;

    beforeAll(async () => {
      for (const { name } of programs) {
        const file = join(directory, 'dist', `${name}.js`);
        writeFileSync(file, here(readFileSync(file, 'utf8')));
      }
      const files = programs.map(({ name }) => join(directory, 'dist', `${name}.js`));
      const env = {
        ...READER,
        NODE_EXTRA_CA_CERTS: outside.ca,
        ISSUER: here('https://idp.example'),
        CLIENT_ID: 'shop',
      };
      const run = join(ROOT, 'apps/gateway-e2e/src/pages/run-blocks.mjs');
      const { stdout } = await execute(process.execPath, [run, ...files], { cwd: directory, env });
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Outcome);
      outcomes = new Map(lines.map((line, index) => [programs[index]!.name, line]));
    });

    it.each(programs.map((block) => [titleOf(block), block] as const))(
      'runs, and prints what the page says: %s',
      (_title, block: NamedBlock) => {
        const { error, printed, booted } = outcomes.get(block.name)!;
        expect(error).toBeUndefined();
        if (block.prints !== undefined) expect(printed).toBe(block.prints);
        expect(booted).toEqual([...block.code.matchAll(/^export class (\w+Module) /gm)].map(([, name]) => name));
      },
    );
  });

  it('passes as a suite of tests', async () => {
    const preset = join(ROOT, 'jest.preset.js');
    const config = `module.exports = { ...require('${preset}'), rootDir: __dirname, testMatch: ['<rootDir>/*.spec.ts'], reporters: ['default'] };`;
    writeFileSync(join(directory, 'jest.config.cjs'), config);
    for (const { name, code: text } of suites) writeFileSync(join(directory, `${name}.spec.ts`), here(text));
    const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
    const { stderr } = await execute(process.execPath, [jest, '-c', join(directory, 'jest.config.cjs')], {
      env: READER,
    });
    // Nx asks for colors.
    expect(stripVTControlCharacters(stderr)).toContain(`Test Suites: ${suites.length} passed, ${suites.length} total`);
  });

  describe('as a configuration of the gateway', () => {
    const yaml = blocksOf(ROOT, 'docs/gateway.md').filter(({ language }) => language === 'yaml');
    const file = () => join(directory, 'gateway.yaml');
    const gateway = join(ROOT, 'apps/gateway/dist/main.js');

    it('starts', async () => {
      writeFileSync(file(), here(yaml[0]!.code));
      const port = await freePort();
      const process = await startNode(gateway, {
        env: {
          GATEWAY_CONFIG: file(),
          GATEWAY_STATE_DIR: directory,
          NODE_EXTRA_CA_CERTS: outside.ca,
          PORT: String(port),
          REDIS_URL: '',
          BILLING_SECRET: 'secret',
        },
      });
      try {
        const url = `http://127.0.0.1:${port}/proxy/billing/invoices`;
        await expect(waitFor(async () => (await fetch(url)).json())).resolves.toEqual({ invoices: [] });
      } finally {
        await process.stop();
      }
    });

    it('has doors that the gateway takes', async () => {
      writeFileSync(file(), yaml.map(({ code: text }) => text).join(''));
      const env = { ...READER, BILLING_SECRET: 'secret' };
      await expect(execute(process.execPath, [gateway, 'check-config', file()], { env })).resolves.toBeDefined();
    });
  });
});
