import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export type Version = 'former' | 'present';

/** Where processes share tokens. */
export interface Place {
  /** The socket of a Redis, or a file whose name ends in `.sqlite`. */
  readonly at: string;
  readonly namespace: string;
}

const PACKAGE = join(__dirname, '../..');

/** Processes of two versions of the library on one store, and the provider that all of them ask. */
export class MixedFleet {
  private readonly processes: VersionProcess[] = [];
  private readonly provider: Server = createServer((_request, response) => response.end(`token-${++this.minted}`));
  private readonly folder: string;
  /** Tokens that the provider gave. */
  minted = 0;

  private constructor() {
    // Inside the package, so that the former version finds the same packages.
    mkdirSync(join(PACKAGE, '.mintonce'), { recursive: true });
    this.folder = mkdtempSync(join(PACKAGE, '.mintonce', 'former-'));
    const code = gunzipSync(readFileSync(join(PACKAGE, 'fixtures/former-version.mjs.gz')));
    writeFileSync(join(this.folder, 'former-version.mjs'), code);
  }

  static async start(): Promise<MixedFleet> {
    const fleet = new MixedFleet();
    fleet.provider.listen(0, '127.0.0.1');
    await once(fleet.provider, 'listening');
    return fleet;
  }

  /** Starts one more process of that version. */
  async process(version: Version): Promise<VersionProcess> {
    const libraries = {
      former: join(this.folder, 'former-version.mjs'),
      present: join(__dirname, 'test/present-version.mjs'),
    };
    const { port } = this.provider.address() as AddressInfo;
    const args = [libraries[version], `http://127.0.0.1:${port}/`];
    const started = new VersionProcess(fork(join(__dirname, 'test/worker.mjs'), args, { execArgv: [] }));
    this.processes.push(started);
    await started.ready;
    return started;
  }

  /** Closes all clients, and forgets what was minted. */
  async reset(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.tell('close')));
    this.minted = 0;
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.end()));
    this.provider.closeAllConnections();
    this.provider.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** One process of a version, asked one thing at a time. */
export class VersionProcess {
  readonly ready: Promise<unknown>;
  private readonly exited: Promise<unknown>;

  constructor(private readonly child: ChildProcess) {
    this.ready = once(child, 'message');
    this.exited = once(child, 'exit');
  }

  /** @throws Error of the store when it cannot be opened */
  async open({ at, namespace }: Place): Promise<void> {
    await this.tell('open', { at, namespace });
  }

  /** The distinct tokens that callers at the same time get. */
  async get(callers = 5): Promise<string[]> {
    return (await this.tell('get', { callers })) as string[];
  }

  /** @throws Error of the library */
  async tell(
    command: 'open' | 'close' | 'get' | 'purge' | 'purgeAll' | 'invalidate',
    details: object = {},
  ): Promise<unknown> {
    const answered = once(this.child, 'message');
    this.child.send({ command, ...details });
    const [{ result, error }] = (await answered) as [{ result?: unknown; error?: string }];
    if (error !== undefined) throw new Error(error);
    return result;
  }

  /** Lets it close as a process does that is told to. */
  async end(): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    await this.exited;
  }
}
