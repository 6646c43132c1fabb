import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NodeProcess, startNode } from './node-process.js';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js';

describe('startNode', () => {
  let directory: TemporaryDirectory;
  const started: NodeProcess[] = [];

  beforeAll(() => {
    directory = temporaryDirectory();
  });

  afterAll(async () => {
    await Promise.all(started.map((node) => node.kill()));
    directory.remove();
  });

  async function run(source: string, options: Parameters<typeof startNode>[1] = {}): Promise<NodeProcess> {
    const script = join(directory.path, `script-${started.length}.cjs`);
    writeFileSync(script, source);
    const node = await startNode(script, options);
    started.push(node);
    return node;
  }

  it('hands over arguments and environment, and keeps what the script prints', async () => {
    const node = await run('console.log(process.argv[2]); console.error(process.env.COLOUR)', {
      args: ['one'],
      env: { COLOUR: 'blue' },
    });
    await expect(node.exited).resolves.toEqual({ code: 0, signal: null });
    expect(node.output()).toContain('one\n');
    expect(node.output()).toContain('blue\n');
  });

  it('waits for the line that says ready, and ends with SIGTERM', async () => {
    const node = await run('setInterval(() => {}, 1000); console.log("ready on 7")', { readyWhen: /ready on \d/ });
    expect((await node.waitForOutput(/ready on (\d)/))[1]).toBe('7');
    expect(node.running).toBe(true);
    await expect(node.stop()).resolves.toEqual({ code: null, signal: 'SIGTERM' });
    expect(node.running).toBe(false);
  });

  it('shows the output of a script that ends before it is ready', async () => {
    const failing = run('throw new Error("no configuration")', { readyWhen: /ready/ });
    await expect(failing).rejects.toThrow(/ended before it printed[^]*no configuration/);
  });
});
