import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from './is-alive.js';
import { type NodeProcess, startNode } from './node-process.js';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js';
import { waitFor } from './wait-for.js';

const JEST = require.resolve('jest/bin/jest');
const FIXTURES = join(__dirname, '../jest/fixtures');
type Ending = 'clean' | 'held-up' | 'server' | 'child' | 'hanging' | 'ticking' | 'loop' | 'low-limit';

const MODES = [
  { where: 'in the process of Jest', mode: '--runInBand' },
  { where: 'in workers', mode: '--maxWorkers=2' },
];

let directory: TemporaryDirectory;
const started: NodeProcess[] = [];

/** Two files: for one alone Jest starts no worker. */
async function start(mode: string, ending: Ending): Promise<{ run: NodeProcess; noted: string }> {
  const files = ['other', ending].map((name) => join(FIXTURES, `${name}.fixture.cjs`));
  const noted = join(directory.path, `${ending}${mode}`);
  const run = await startNode(JEST, {
    args: [mode, '--runTestsByPath', ...files],
    cwd: FIXTURES,
    env: {
      FIXTURE_PROCESSES: noted,
      FIXTURE_LIMIT_MS: ending === 'hanging' ? '500' : '120000',
      FIXTURE_DEADLINE_MS: ending === 'loop' ? '30000' : '120000',
      JEST_WORKER_ID: undefined,
      FORCE_COLOR: '0',
    },
  });
  started.push(run);
  return { run, noted };
}

/** How the run ended, what it printed, and the processes that its tests noted. */
async function result({ run, noted }: Awaited<ReturnType<typeof start>>) {
  const exit = await run.exited;
  const pids = existsSync(noted) ? readFileSync(noted, 'utf8').trim().split('\n').map(Number) : [];
  return { exit, output: run.output(), pids };
}

/** The runs that take their time, by mode. */
const heldUp = new Map<string, Awaited<ReturnType<typeof start>>>();
const loops = new Map<string, Awaited<ReturnType<typeof start>>>();

beforeAll(async () => {
  directory = temporaryDirectory();
  for (const { mode } of MODES) {
    loops.set(mode, await start(mode, 'loop'));
    heldUp.set(mode, await start(mode, 'held-up'));
  }
});

afterAll(async () => {
  await Promise.all(started.map((run) => run.kill()));
  directory.remove();
});

describe.each(MODES)('A run of Jest with its tests $where', ({ mode }) => {
  it('passes when every file closes what it opened', async () => {
    const { exit, output } = await result(await start(mode, 'clean'));
    expect(output).toContain('Tests:       2 passed');
    expect(exit).toEqual({ code: 0, signal: null });
  });

  it('passes when a test of connections is held up for longer than a server of Node keeps an idle one', async () => {
    const { exit, output } = await result(heldUp.get(mode)!);
    expect(output).toContain('Tests:       2 passed');
    expect(exit).toEqual({ code: 0, signal: null });
  });

  it('fails and ends when a failed test leaves a listening server', async () => {
    const { exit, output } = await result(await start(mode, 'server'));
    expect(output).toMatch(/left open:\n\s+- server listening on 127\.0\.0\.1:\d+/);
    expect(output).toContain('Tests:       1 failed, 1 passed');
    expect(output).not.toContain('did not end');
    expect(exit.code).toBe(1);
  });

  it('fails when tests that pass leave a child process, and ends that process', async () => {
    const { exit, output, pids } = await result(await start(mode, 'child'));
    expect(output).toMatch(new RegExp(`left open:\n\\s+- child process ${pids[0]}: .*left-child`));
    expect(output).toContain('Tests:       2 passed');
    expect(exit.code).toBe(1);
    await waitFor(() => !pids.some(isAlive));
  });

  it('fails and ends when a test hangs and leaves a timer', async () => {
    const { exit, output } = await result(await start(mode, 'hanging'));
    expect(output).toContain('Exceeded timeout of 500 ms for a test');
    expect(output).toMatch(/(left open|did not end)[^]*- timers: 1/);
    expect(exit.code).toBe(1);
  });

  it('fails and ends when a failed test leaves a clock that winds itself up', async () => {
    const { exit, output } = await result(await start(mode, 'ticking'));
    expect(output).toContain('Tests:       1 failed, 1 passed');
    expect(output).not.toContain('did not end');
    expect(exit.code).toBe(1);
  });

  it('fails when a file sets a limit that is no higher than the one of all', async () => {
    const { exit, output } = await result(await start(mode, 'low-limit'));
    const told = [...output.matchAll(/This file sets a limit of (\d+) ms/g)].map(([, limitMs]) => Number(limitMs));
    expect(new Set(told)).toEqual(new Set([20_000, 30_000, 120_000]));
    expect(output).toContain('Tests:       3 passed');
    expect(exit.code).toBe(1);
  });

  it('is killed with all its processes at its deadline when a test never gives the event loop back', async () => {
    const { exit, output, pids } = await result(loops.get(mode)!);
    expect(output).toContain('The tests did not end within 30 s: killed.');
    expect(exit).toEqual({ code: null, signal: 'SIGKILL' });
    expect(pids).toHaveLength(2);
    await waitFor(() => !pids.some(isAlive));
  });
});
