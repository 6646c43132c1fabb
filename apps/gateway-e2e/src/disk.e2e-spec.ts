import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canContain, CONTAINERS_NEED, waitFor } from '@mintonce/test-support';
import { type LoneGateway, type LoneOptions, startLoneGateway } from './lone-gateway.js';

const MEMORY_GROWTH = 96 * 1024 * 1024;
const JUNK = 'no database of SQLite, '.repeat(900);
const FILES = ['tokens.sqlite', 'tokens.sqlite-wal', 'tokens.sqlite-shm'];
const SMALL_DISK = 'mount -t tmpfs -o size=512k tmpfs "$STATE"';
const FULL_DISK = `${SMALL_DISK}\nhead -c 1000000 /dev/zero > "$STATE/filler" 2> /dev/null`;

const mountsAreMissing = canContain() ? undefined : CONTAINERS_NEED;
const itWithMounts = mountsAreMissing === undefined ? it : it.skip;

/** What answers if nothing can be had without the store. */
const UNAVAILABLE = {
  status: 503,
  type: expect.stringContaining('application/problem+json') as string,
  body: { code: 'TOKEN_STORE_UNAVAILABLE' },
};

let gateway: LoneGateway | undefined;
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
});

async function start(options: LoneOptions): Promise<LoneGateway> {
  return (gateway = await startLoneGateway(options));
}

const health = async (one: LoneGateway) => (await one.ask('/health')).body['status'];
const token = async (one: LoneGateway, integration = 'demo') => {
  const { status, body } = await one.ask(`/proxy/${integration}/x`);
  return status === 200 ? body['token'] : body['code'];
};

function removeDatabase(folder: string): void {
  for (const name of FILES) rmSync(join(folder, name), { force: true });
}
const fill = (folder: string) =>
  execFileSync('sh', ['-c', 'head -c 1000000 /dev/zero > "$0/filler" 2> /dev/null || :', folder]);

describe('The gateway refuses to start, and names the field, the path and what to do,', () => {
  const refusals: [string, typeof it, LoneOptions, string, RegExp][] = [
    [
      'if a folder is in the place of its database',
      it,
      { before: 'mkdir "$STATE/tokens.sqlite"' },
      'tokens.sqlite',
      / is no file: move it away, and one is made/,
    ],
    [
      'if a file is in the place of its state folder',
      it,
      { before: 'rmdir "$STATE"; touch "$STATE"' },
      '',
      /EEXIST.*; let this user write to its folder, or name a file in another one/,
    ],
    [
      'if its state folder is read-only',
      itWithMounts,
      { before: 'mount -t tmpfs -o ro tmpfs "$STATE"', mounts: true },
      'tokens.sqlite',
      /EROFS.*; let this user write to its folder, or name a file in another one/,
    ],
    [
      'if its state folder belongs to another user',
      itWithMounts,
      { before: 'chmod 755 "$STATE" "$STATE/.."\nset -- setpriv --reuid=65534 --regid=65534 --clear-groups "$@"' },
      'tokens.sqlite',
      /EACCES.*; let this user write to its folder, or name a file in another one/,
    ],
  ];
  for (const [when, runIt, options, name, reason] of refusals) {
    runIt(when, async () => {
      const refused = await start(options);

      expect((await refused.process.exited).code).toBe(1);
      const { level, msg } = JSON.parse(refused.process.output()) as { level: string; msg: string };
      expect(level).toBe('fatal');
      expect(msg).toMatch(/^The gateway cannot start\.\nsqlite\.path: cannot be used: /);
      expect(msg).toMatch(reason);
      if (name) expect(msg).toContain(refused.state(name));
    });
  }
});

describe('The gateway starts, serves with one mint, and mints none where its policy says so,', () => {
  async function servesUntilRepaired(started: LoneGateway, reason: RegExp, repair: () => void): Promise<void> {
    await started.listens();
    expect([await token(started), await token(started)]).toEqual(['Bearer token-1', 'Bearer token-1']);
    expect(await health(started)).toBe('degraded');
    await started.process.waitForOutput(reason);
    expect(await started.ask('/proxy/strict/x')).toMatchObject(UNAVAILABLE);
    expect(started.minted()).toBe(1);
    repair();
    await waitFor(async () => (await health(started)) === 'ok');
    expect((await started.ask('/api/integrations/demo/purge', 'POST')).status).toBe(204);
    expect([await token(started), await token(started, 'strict')]).toEqual(['Bearer token-2', 'Bearer token-3']);
    expect(started.process.running).toBe(true);
  }

  it('if its database is damaged, says so, and takes the new one after that is deleted', async () => {
    const started = await start({ before: `yes junk | head -c 100000 > "$STATE/tokens.sqlite"` });
    await servesUntilRepaired(started, /tokens\.sqlite is damaged, delete it and a new one is made/, () =>
      removeDatabase(started.folder),
    );
  });

  itWithMounts('if the disk is full, says so, and uses it when there is space', async () => {
    const started = await start({ before: FULL_DISK, mounts: true });
    await servesUntilRepaired(started, /tokens\.sqlite failed: database or disk is full/, () =>
      rmSync(join(started.folder, 'filler')),
    );
  });
});

describe('A gateway that serves goes on with the token in hand, refuses a purge that it cannot share, and recovers,', () => {
  let serving: LoneGateway;
  beforeAll(async () => {
    serving = await startLoneGateway(mountsAreMissing ? {} : { before: SMALL_DISK, mounts: true });
    await serving.listens();
  });
  afterAll(() => serving?.stop());

  const inNamespace = (...command: string[]) =>
    execFileSync('nsenter', [`--target=${serving.process.pid}`, '--mount', ...command]);
  const limitFileSize = (limit: string) =>
    execFileSync('prlimit', [`--pid=${serving.process.pid}`, `--fsize=${limit}`]);
  const inFolder = (name: string) => join(serving.folder, name);

  interface Damage {
    readonly runIt: typeof it;
    readonly begin: () => void;
    readonly repair: () => void;
  }
  const damages: Record<string, Damage> = {
    // The first: a file that was deleted gives its space back when Node collects the connection that has it open.
    'if the disk becomes full': {
      runIt: itWithMounts,
      begin: () => fill(serving.folder),
      repair: () => rmSync(inFolder('filler')),
    },
    'if a folder takes the place of its database': {
      runIt: it,
      begin() {
        removeDatabase(serving.folder);
        mkdirSync(inFolder('tokens.sqlite'));
      },
      repair: () => rmdirSync(inFolder('tokens.sqlite')),
    },
    'if another file takes the place of its database': {
      runIt: it,
      begin() {
        removeDatabase(serving.folder);
        writeFileSync(inFolder('tokens.sqlite'), JUNK);
      },
      repair: () => removeDatabase(serving.folder),
    },
    'if it may write no further byte': {
      runIt: it,
      begin: () => limitFileSize('0:unlimited'),
      repair: () => limitFileSize('unlimited'),
    },
    'if a read-only disk takes the place of its state folder': {
      runIt: itWithMounts,
      begin: () => inNamespace('mount', '-t', 'tmpfs', '-o', 'ro', 'tmpfs', serving.state('')),
      repair: () => inNamespace('umount', serving.state('')),
    },
  };

  for (const [when, { runIt, begin, repair }] of Object.entries(damages)) {
    runIt(when, async () => {
      const inHand = await token(serving);
      expect(inHand).toBe(`Bearer token-${serving.minted()}`);
      const memory = serving.memory();
      begin();

      for (let count = 0; count < 20; count++) expect(await token(serving)).toBe(inHand);
      expect(await serving.ask('/api/integrations/demo/purge', 'POST')).toMatchObject(UNAVAILABLE);
      await waitFor(async () => (await health(serving)) === 'degraded');
      expect(serving.memory() - memory).toBeLessThan(MEMORY_GROWTH);

      repair();
      await waitFor(async () => (await health(serving)) === 'ok');
      expect((await serving.ask('/api/integrations/demo/purge', 'POST')).status).toBe(204);
      const minted = serving.minted();
      expect(await token(serving)).toBe(`Bearer token-${minted + 1}`);
      expect(serving.process.running).toBe(true);
    });
  }

  it('if its database is overwritten, and gives no wrong token', async () => {
    const inHand = await token(serving);
    for (const name of FILES.slice(0, 2)) writeFileSync(inFolder(name), JUNK.slice(0, 20_000), { flag: 'r+' });

    for (let count = 0; count < 20; count++) expect(await token(serving)).toBe(inHand);
    removeDatabase(serving.folder);
    await waitFor(async () => (await health(serving)) === 'ok');
    expect((await serving.ask('/api/integrations/demo/purge', 'POST')).status).toBe(204);
    const minted = serving.minted();
    expect(await token(serving)).toBe(`Bearer token-${minted + 1}`);
  });
});

itWithMounts('A log on a full disk costs no request, and loses no line once there is space', async () => {
  const started = await start({ before: `${SMALL_DISK}\nexec > "$STATE/log"`, mounts: true });
  await started.listens();
  const memory = started.memory();
  fill(started.folder);
  for (let count = 0; count < 100; count++) expect((await started.ask('/proxy/demo/x')).status).toBe(200);
  expect(started.memory() - memory).toBeLessThan(MEMORY_GROWTH);
  rmSync(join(started.folder, 'filler'));
  // The next line takes those with it that wait.
  expect((await started.ask('/proxy/demo/x')).status).toBe(200);

  const lines = () => readFileSync(join(started.folder, 'log'), 'utf8').trimEnd().split('\n');
  const requests = () => lines().filter((line) => (JSON.parse(line) as { msg: string }).msg === 'request');
  await waitFor(() => requests().length === 101);
});

if (mountsAreMissing) it.skip(`Full and read-only disks are not tried: ${mountsAreMissing}`, () => {});
