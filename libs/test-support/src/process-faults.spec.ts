import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type NodeProcess, startNode } from './node-process.js';
import { ProcessFaults } from './process-faults.js';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js';
import { waitFor } from './wait-for.js';

/** Tells its clocks and the longest pause of its event loop, and whether it reaches a port, when it is asked. */
const PROGRAM = `
import { createServer } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
const reach = (port) => fetch('http://127.0.0.1:' + port).then(() => 'reached', ({ cause }) => cause.code);
const server = createServer(async (request, response) => {
  const reached = await Promise.all(request.url.slice(1).split(',').map(reach));
  response.end(JSON.stringify({ wallMs: Date.now(), monotonicMs: performance.now(), pausedMs: delay.max / 1e6, reached }));
});
server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port + ' of ' + process.pid));
`;

interface Told {
  wallMs: number;
  monotonicMs: number;
  pausedMs: number;
  reached: string[];
}

describe('A process', () => {
  let directory: TemporaryDirectory;
  let faults: ProcessFaults;
  let node: NodeProcess;
  let servers: Server[];
  let ask: () => Promise<Told>;

  beforeAll(async () => {
    servers = await Promise.all([listening(), listening()]);
    directory = temporaryDirectory();
    const script = join(directory.path, 'program.mjs');
    writeFileSync(script, PROGRAM);
    faults = new ProcessFaults(directory.path);
    node = await startNode(script, { env: faults.env });
    const [, port] = await node.waitForOutput(/port (\d+) of/);
    const targets = servers.map(portOf).join(',');
    ask = async () => (await (await fetch(`http://127.0.0.1:${port}/${targets}`)).json()) as Told;
  });
  afterAll(async () => {
    await node.stop();
    servers.forEach((server) => server.close());
    directory.remove();
  });

  it('that stalls does nothing else, and both of its clocks go on', async () => {
    const before = await ask();
    await faults.befall(node.pid, { kind: 'stall', forMs: 500 });
    const after = await ask();
    expect(after.pausedMs).toBeGreaterThanOrEqual(490);
    expect(after.monotonicMs - before.monotonicMs).toBeGreaterThanOrEqual(500);
    expect(apartMs(before, after)).toBeLessThan(100);
  });

  it('that is suspended loses the time by its monotonic clock, and not by its wall clock', async () => {
    const before = await ask();
    await faults.befall(node.pid, { kind: 'suspend', forMs: 500 });
    const after = await ask();
    expect(after.wallMs - before.wallMs).toBeGreaterThanOrEqual(500);
    expect(apartMs(before, after)).toBeGreaterThanOrEqual(400);
  });

  it('that is refused by one port reaches every other, and that one again afterwards', async () => {
    const [sick] = servers.map(portOf) as [number];
    const heard = new Set<string>();
    const over = faults.befall(node.pid, { kind: 'refuse', port: sick, forMs: 1_000 });
    await waitFor(async () => heard.add((await ask()).reached.join()).has('ECONNREFUSED,reached'));
    expect((await over).refused).toBeGreaterThan(0);
    expect([...heard].filter((reached) => reached !== 'reached,reached')).toEqual(['ECONNREFUSED,reached']);
    expect((await ask()).reached).toEqual(['reached', 'reached']);
  });

  /** How much further its wall clock moved than its monotonic one. */
  function apartMs(before: Told, after: Told): number {
    return after.wallMs - before.wallMs - (after.monotonicMs - before.monotonicMs);
  }
});

async function listening(): Promise<Server> {
  // Connections that are kept would be used again, and none is refused then.
  const server = createServer((_request, response) => response.setHeader('Connection', 'close').end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
