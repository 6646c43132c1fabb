import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, startNode, waitFor } from '@mintonce/test-support';
import { ROOT } from './fleet.js';

const PAGES = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');

/** The fenced blocks of that language. */
function blocks(page: string, language: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, code = '']) => code);
}

describe('What the pages show', () => {
  let directory: string;

  beforeAll(() => {
    // Inside the workspace, so that packages are found as an application in it would find them.
    mkdirSync(join(ROOT, '.mintonce'), { recursive: true });
    directory = mkdtempSync(join(ROOT, '.mintonce', 'readme-'));
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('compiles', () => {
    const snippets = PAGES.flatMap((page) => blocks(page, 'ts'));
    expect(snippets.length).toBeGreaterThanOrEqual(5);
    snippets.forEach((code, index) => writeFileSync(join(directory, `snippet-${index}.ts`), code));
    writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
    writeFileSync(
      join(directory, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.base.json', compilerOptions: { noEmit: true, declaration: false } }),
    );
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    expect(() =>
      execFileSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8', stdio: 'pipe' }),
    ).not.toThrow();
  });

  it('is a configuration that the gateway starts with', async () => {
    const [yaml = ''] = blocks('README.md', 'yaml');
    writeFileSync(join(directory, 'gateway.yaml'), yaml);
    const port = await freePort();
    const gateway = await startNode(join(ROOT, 'apps/gateway/dist/main.js'), {
      env: {
        GATEWAY_CONFIG: join(directory, 'gateway.yaml'),
        GATEWAY_STATE_DIR: directory,
        PORT: String(port),
        REDIS_URL: '',
        BILLING_SECRET: 'secret',
      },
    });
    try {
      const integrations = await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/api/integrations`)).text());
      expect(integrations).toContain('"billing"');
    } finally {
      await gateway.stop();
    }
  });
});
