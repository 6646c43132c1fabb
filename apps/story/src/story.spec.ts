import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAlive, startNode, temporaryDirectory, type TemporaryDirectory, waitFor } from '@mintonce/test-support';
import { type Telling } from './telling.js';

/** The built program, so that a test runs what `npm run demo` runs. */
const MAIN = fileURLToPath(new URL('../dist/modules/main.js', import.meta.url));

describe('npm run demo', () => {
  let directory: TemporaryDirectory;

  beforeAll(() => (directory = temporaryDirectory()));
  afterAll(() => directory.remove());

  describe('told in ten seconds', () => {
    let told: Telling;
    let picture: string;

    beforeAll(async () => {
      const svg = join(directory.path, 'images', 'mints.svg');
      const story = await startNode(MAIN, { args: ['--seconds', '10', '--workers', '3', '--json', '--svg', svg] });
      expect(await story.exited).toEqual({ code: 0, signal: null });
      told = JSON.parse(/^\{.*\}$/m.exec(story.output())?.[0] ?? '') as Telling;
      picture = readFileSync(svg, 'utf8');
    });

    it('has every worker with a cache of its own mint in each lifetime, and one of all those that share one', () => {
      const { own, shared } = told;
      expect(shared.mintedAtS.length).toBeGreaterThan(3);
      expect(own.mintedAtS.length).toBeGreaterThan(2 * shared.mintedAtS.length);
    });

    it.each(['own', 'shared'] as const)(
      'counts the same mints in the metrics of the %s side as the provider',
      (side) => {
        const { counters, mintedAtS, failed } = told[side];
        expect(counters.token_mint_count).toBe(mintedAtS.length);
        expect(counters.token_cache_hits).toBeGreaterThan(100);
        expect(counters.token_cache_misses).toBeGreaterThan(0);
        expect(failed).toBe(0);
      },
    );

    it('draws both counts into a picture that needs nothing else', () => {
      expect(picture).toMatch(/^<svg /);
      expect(picture).toContain(`one shared cache: ${told.shared.mintedAtS.length}<`);
      expect(picture).toContain(`a cache of its own in each worker: ${told.own.mintedAtS.length}<`);
      expect(picture.replaceAll(/xmlns(:xlink)?="[^"]*"/g, '')).not.toMatch(/https?:|href|<script|<style|@import/);
    });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('leaves nothing behind after %s', async (signal) => {
    const story = await startNode(MAIN, { args: ['--seconds', '600', '--workers', '2'] });
    await story.waitForOutput(/tokens minted/);
    const descendants = descendantsOf(story.pid);
    expect(descendants.length).toBeGreaterThanOrEqual(5);
    const folder = tokenFolderOf(descendants);
    expect(existsSync(folder)).toBe(true);
    story.signal(signal);
    expect(await story.exited).toEqual({ code: 130, signal: null });
    await waitFor(() => !descendants.some(isAlive), { description: 'every process to be gone' });
    expect(existsSync(folder)).toBe(false);
  });

  it.each([
    [['--seconds', '2'], '--seconds must be a whole number from 5 to 600, not "2"'],
    [['--workers', 'many'], '--workers must be a whole number from 2 to 16, not "many"'],
    [['--fast'], "Unknown option '--fast'"],
  ])('names the flag that cannot be in %j', async (args, message) => {
    const story = await startNode(MAIN, { args });
    expect((await story.exited).code).toBe(2);
    expect(story.output()).toContain(message);
  });
});

/** The processes that this one started, and theirs. */
function descendantsOf(pid: number): number[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = table.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const below = (parent: number): number[] =>
    pairs.filter(([, ppid]) => ppid === parent).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

/** Where the workers share their tokens, from the environment of one of them. */
function tokenFolderOf(pids: readonly number[]): string {
  const environments = pids.map((pid) =>
    execFileSync('ps', ['eww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }),
  );
  const [, folder] = environments.map((text) => /"path":"([^"]+)\/tokens\.sqlite"/.exec(text)).find(Boolean) ?? [];
  if (folder === undefined) throw new Error('No worker names its store');
  return folder;
}
