import { execFileSync, spawnSync } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { isAlive, waitFor } from '@mintonce/test-support';
import { type Fleet, startFleet } from './fleet.js';
import { get } from './load.js';
import { type LoneGateway, startLoneGateway } from './lone-gateway.js';

const OPEN_FILES = 640;
/** What `open-files.ts` makes of it: a third of what is beyond the reserve. */
const CONNECTIONS = 160;
/** Beyond the connections, those that are told so. */
const REFUSALS = 32;

/** A connection of a caller, and what it was sent. */
interface Caller {
  readonly socket: Socket;
  received(): string;
  isOpen(): boolean;
}

function callers(port: number, count: number): Caller[] {
  return Array.from({ length: count }, () => {
    let received = '';
    let isOpen = true;
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    socket.on('data', (text: string) => (received += text)).on('error', () => {});
    socket.on('close', () => (isOpen = false));
    return { socket, received: () => received, isOpen: () => isOpen };
  });
}

/** The answer to one request of a connection. */
async function asked({ socket, received }: Caller, path: string): Promise<string> {
  const before = received().length;
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const whole = /^HTTP\/1\.1 (?<status>\d+)(?=[^]*\r\n\r\n)[^]*?(?:"code":"(?<code>\w+)"|$)/;
  await waitFor(() => received().length > before);
  const { status, code = '' } = whole.exec(received().slice(before))?.groups ?? {};
  return `${status} ${code}`.trim();
}

if (spawnSync('prlimit', ['--version']).status !== 0) {
  it.skip('The limit of open files is not tried: it needs prlimit (util-linux)', () => {});
} else {
  // The soft limit alone: not everybody may raise the other one again.
  const limitFiles = (pid: number, files: number) => execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${files}:`]);

  describe('The gateway with few file descriptors', () => {
    let gateway: LoneGateway;
    let open: Caller[] = [];
    beforeAll(async () => {
      gateway = await startLoneGateway({ before: `ulimit -n ${OPEN_FILES}` });
      await gateway.listens();
    });
    afterEach(async () => {
      for (const { socket } of open.splice(0)) socket.destroy();
    });
    afterAll(() => gateway?.stop());

    it('says how many connections it takes', async () => {
      await gateway.process.waitForOutput(
        new RegExp(`Takes ${CONNECTIONS} connections at each door and not 4000 .*may open ${OPEN_FILES} files`),
      );
    });

    it('refuses connections beyond those with 503 or an end, and has descriptors left for a mint and the metrics', async () => {
      await waitFor(() => gateway.descriptors() < OPEN_FILES / 2);
      const before = gateway.descriptors();
      open = callers(gateway.port, 2 * CONNECTIONS);
      await waitFor(() => open.filter(({ isOpen }) => isOpen()).length === CONNECTIONS);

      const refused = open.filter(({ received }) => received() !== '');
      expect(refused.length).toBeGreaterThanOrEqual(REFUSALS);
      for (const { received } of refused) {
        expect(received()).toMatch(/^HTTP\/1\.1 503 [^]*\r\nretry-after: 1\r\n[^]*"code":"GATEWAY_OVERLOADED"/);
      }
      const [one] = open.filter(({ isOpen }) => isOpen());
      expect(gateway.minted()).toBe(0);
      expect(await asked(one!, '/proxy/demo/x')).toBe('200');
      expect(await asked(one!, '/health/ready')).toBe('200');
      expect(await asked(one!, '/metrics')).toBe('200');
      expect(gateway.minted()).toBe(1);

      for (const { socket } of open) socket.destroy();
      await waitFor(async () => (await gateway.ask('/proxy/demo/x')).status === 200);
      await waitFor(() => gateway.descriptors() <= before);
      expect(gateway.process.running).toBe(true);
    });

    it('answers 503 while the system gives it none, and recovers', async () => {
      await waitFor(() => gateway.descriptors() < OPEN_FILES / 2);
      const kept = callers(gateway.port, 1)[0]!;
      open = [kept];
      expect(await asked(kept, '/health/live')).toBe('200');
      limitFiles(gateway.process.pid, 1);

      expect(await asked(kept, '/proxy/demo/x')).toBe('503 GATEWAY_OVERLOADED');
      expect(await asked(kept, '/metrics')).toBe('503 GATEWAY_OVERLOADED');
      expect(await asked(kept, '/health/live')).toBe('200');
      limitFiles(gateway.process.pid, OPEN_FILES);
      expect(await asked(kept, '/proxy/demo/x')).toBe('200');
      expect((await gateway.ask('/metrics')).status).toBe(200);
      expect(gateway.minted()).toBe(1);
    });
  });

  describe('Workers under PM2 that connections cannot reach for want of descriptors', () => {
    let fleet: Fleet;
    let open: Caller[] = [];
    beforeAll(async () => {
      fleet = await startFleet({ store: 'sqlite', workers: 2 });
    });
    afterAll(async () => {
      for (const { socket } of open) socket.destroy();
      await fleet?.stop();
    });

    it('say so and end, and others take their place', async () => {
      expect((await get(`${fleet.url}/proxy/demo/echo`)).status).toBe(200);
      const deaf = (await fleet.pm2.list()).map(({ pid }) => pid);
      for (const pid of deaf) limitFiles(pid, 20);
      open = callers(Number(new URL(fleet.url).port), 20);

      await waitFor(() => deaf.every((pid) => !isAlive(pid)));
      for (const { socket } of open) socket.destroy();
      await waitFor(async () => (await get(`${fleet.url}/proxy/demo/echo`)).status === 200);
      await waitFor(async () => (await fleet.pm2.list()).every(({ pm2_env }) => pm2_env.status === 'online'));
      expect(await fleet.pm2.logs()).toMatch(/Ends, since connections did not arrive.*Raise the limit of open files/);
      expect((await fleet.idp.stats()).minted).toBe(1);
    });
  });
}
