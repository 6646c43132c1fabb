import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  freePort,
  type NodeProcess,
  type RunningParts,
  startProgram,
  startTogether,
  temporaryDirectory,
  waitFor,
} from '@mintonce/test-support';
import { request } from 'undici';
import { ROOT } from './fleet.js';

export const MAIN = join(ROOT, 'apps/gateway/dist/main.js');

export interface LoneOptions {
  /** Statements of the shell before the gateway, which takes their process over. `$STATE` is the state folder. */
  readonly before?: string;
  /** Whether these see the mounts of the machine, but mount for themselves alone. */
  readonly mounts?: boolean;
}

export interface Answered {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: Record<string, unknown>;
}

/**
 * One gateway without PM2, with SQLite in its state folder, an identity provider and an upstream. Its integrations are `demo`, and
 * `strict`, which mints nothing without the store.
 */
export interface LoneGateway {
  readonly port: number;
  readonly process: NodeProcess;
  /** The path of a file of the state folder, as the gateway has it. */
  state(name: string): string;
  /** The state folder as the gateway sees it, for this process to change. */
  readonly folder: string;
  /** Waits until it listens. */
  listens(): Promise<void>;
  /** Asks on a connection of its own. */
  ask(path: string, method?: 'GET' | 'POST'): Promise<Answered>;
  minted(): number;
  /** How many files and connections it has open. */
  descriptors(): number;
  /** Bytes of memory that it has. */
  memory(): number;
  stop(): Promise<void>;
}

/** Starts the gateway, which may end at once. */
export function startLoneGateway({ before = ':', mounts = false }: LoneOptions = {}): Promise<LoneGateway> {
  return startTogether(async (running) => {
    const directory = temporaryDirectory();
    running.onStop(() => directory.remove());
    const provider = await startProvider(running);
    const state = join(directory.path, 'state');
    mkdirSync(state);
    const client = { clientId: 'demo', clientSecret: 's3cret', allowInsecureRequests: true };
    const token = { grant: 'client_credentials', tokenEndpoint: `${provider.url}/token`, ...client };
    const config = join(directory.path, 'gateway.yaml');
    const demo = { upstream: provider.url, token };
    const strict = { ...demo, policy: { whenStoreUnavailable: 'fail' } };
    writeFileSync(config, JSON.stringify({ integrations: { demo, strict } }));
    const port = await freePort();
    const env = {
      PATH: process.env['PATH'],
      STATE: state,
      PORT: String(port),
      GATEWAY_CONFIG: config,
      GATEWAY_STATE_DIR: state,
    };
    const shell = ['sh', '-c', `${before}\nexec "$@"`, 'sh', process.execPath, MAIN];
    const gateway = running.add(await startProgram([...(mounts ? ['unshare', '--mount'] : []), ...shell], { env }));
    return new RunningGateway(port, gateway, state, provider.minted, running);
  });
}

class RunningGateway implements LoneGateway {
  constructor(
    readonly port: number,
    readonly process: NodeProcess,
    private readonly stateDirectory: string,
    readonly minted: () => number,
    private readonly running: RunningParts,
  ) {}

  get folder(): string {
    return `/proc/${this.process.pid}/root${this.stateDirectory}`;
  }

  state(name: string): string {
    return join(this.stateDirectory, name);
  }

  async listens(): Promise<void> {
    await waitFor(async () => !this.process.running || (await this.ask('/health/live')).status === 200);
    if (!this.process.running) throw new Error(this.process.output());
  }

  async ask(path: string, method: 'GET' | 'POST' = 'GET'): Promise<Answered> {
    const url = `http://127.0.0.1:${this.port}${path}`;
    const { statusCode, headers, body } = await request(url, { method, reset: true, headersTimeout: 20_000 });
    const text = await body.text();
    const type = String(headers['content-type']);
    return { status: statusCode, type, body: /json/.test(type) ? (JSON.parse(text) as Answered['body']) : { text } };
  }

  descriptors(): number {
    return readdirSync(`/proc/${this.process.pid}/fd`).length;
  }

  memory(): number {
    const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${this.process.pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1024;
  }

  stop(): Promise<void> {
    return this.running.stop();
  }
}

/** A token endpoint at `/token`, and an upstream at all other paths that shows the token. No connection to it is kept. */
async function startProvider(running: RunningParts): Promise<{ url: string; minted: () => number }> {
  let minted = 0;
  const server = createServer((request, response) => {
    const answer = (): object =>
      request.url === '/token'
        ? { access_token: `token-${++minted}`, token_type: 'Bearer', expires_in: 3600 }
        : { token: request.headers.authorization };
    request.resume().once('end', () => {
      response
        .writeHead(200, { 'content-type': 'application/json', connection: 'close' })
        .end(JSON.stringify(answer()));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.onStop(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, minted: () => minted };
}
