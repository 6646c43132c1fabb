import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type NodeProcess, startNode } from './node-process.js';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js';
import { waitFor } from './wait-for.js';

const MODULE = pathToFileURL(join(__dirname, '../dist/last-will.js')).href;

/** What a process leaves behind can only be seen from another one. */
const TESTATOR = `
  import { lastWill } from '${MODULE}';
  lastWill('echo > "$1"', [process.argv[2]]);
  lastWill('echo > "$1"', [process.argv[3]]).revoke();
  setInterval(() => {}, 1000);
  console.log('ready');
`;

describe('lastWill', () => {
  let directory: TemporaryDirectory;
  let testator: NodeProcess;
  const file = (name: string) => join(directory.path, name);

  beforeEach(async () => {
    directory = temporaryDirectory();
    writeFileSync(file('testator.mjs'), TESTATOR);
    testator = await startNode(file('testator.mjs'), { args: [file('valid'), file('revoked')], readyWhen: /ready/ });
  });

  afterEach(async () => {
    await testator.kill();
    directory.remove();
  });

  it('is executed after a SIGKILL', async () => {
    expect(existsSync(file('valid'))).toBe(false);
    await testator.kill();
    await waitFor(() => existsSync(file('valid')));
  });

  it('is executed after an orderly end, unless it was revoked', async () => {
    await testator.stop();
    await waitFor(() => existsSync(file('valid')));
    expect(existsSync(file('revoked'))).toBe(false);
  });
});
