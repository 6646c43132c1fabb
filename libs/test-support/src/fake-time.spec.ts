import { ensureFakeTime, FAKETIME_IS_MISSING, FakeTime } from './fake-time.js';
import { startNode } from './node-process.js';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';

const HOUR_MS = 3_600_000;
const library = ensureFakeTime();

describe('FakeTime', () => {
  let directory: TemporaryDirectory;

  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(() => directory.remove());

  if (library === undefined) {
    it.skip(`is not tested: ${FAKETIME_IS_MISSING}`, () => {});
    return;
  }

  it('gives a process another wall clock, which may be set while it runs, and leaves its monotonic clock', async () => {
    const clock = new FakeTime(library, directory.path);
    clock.setAhead(-HOUR_MS);
    const script = join(directory.path, 'tell.mjs');
    writeFileSync(script, 'setInterval(() => console.log(`${Date.now()} ${process.hrtime.bigint()};`), 20)');
    const node = await startNode(script, { env: clock.env });
    const untilAhead = async (ms: number): Promise<number> => {
      for (;;) {
        const shown = node.output().length;
        await node.waitForOutput(new RegExp(`^[^]{${shown}}[^]*\\d+ \\d+;`));
        const [wall = 0, monotonic = 0] = node.output().slice(shown).match(/\d+/g)!.map(Number);
        if (Math.abs(wall - Date.now() - ms) < 60_000) return Number(process.hrtime.bigint()) - monotonic;
      }
    };
    const before = await untilAhead(-HOUR_MS);
    clock.setAhead(HOUR_MS);
    const after = await untilAhead(HOUR_MS);
    expect(Math.abs(after - before) / 1e6).toBeLessThan(60_000);
    await node.kill();
  });
});
