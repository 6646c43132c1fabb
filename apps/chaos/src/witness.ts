import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TokenCall } from '@mintonce/demo';
import { monotonicMs } from './monotonic.js';
import { tokenDigest } from './token-digest.js';

/** One call of the token endpoint, with the worker that made it; instants are monotonic, and a caller that leaves ends it. */
export interface WitnessedCall extends TokenCall {
  readonly worker: string;
  readonly key: string;
  /** A digest of the token that was handed out. */
  token?: string;
  expiresInMs?: number;
}

/**
 * Stands before the token endpoint of the identity provider, passes everything on, and writes down who asked for what and
 * when, and what he was given. Each worker has a path of its own.
 */
export class Witness {
  readonly calls: WitnessedCall[] = [];
  private nextHold?: Promise<void>;
  private readonly server: Server;

  private constructor(private readonly issuer: string) {
    this.server = createServer((request, response) => {
      this.witness(request, response).catch(() => response.destroy());
    });
  }

  static async before(issuer: string): Promise<Witness> {
    const witness = new Witness(issuer);
    witness.server.listen(0, '127.0.0.1');
    await once(witness.server, 'listening');
    return witness;
  }

  endpointFor(worker: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${worker}/token`;
  }

  callsFor(key: string): WitnessedCall[] {
    return this.calls.filter((call) => call.key === key);
  }

  /** Calls for that key that have not ended. */
  inFlight(key: string): WitnessedCall[] {
    return this.callsFor(key).filter(({ endedAt }) => endedAt === undefined);
  }

  /** Withholds the answer to the next call, whose token is then minted but on its way, until the returned function is called. */
  holdNext(): () => void {
    let release = (): void => undefined;
    this.nextHold = new Promise((resolve) => (release = resolve));
    return release;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async witness(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = monotonicMs();
    const body = await text(request);
    const worker = request.url?.split('/')[1] ?? '';
    const call: WitnessedCall = { worker, key: new URLSearchParams(body).get('resource') ?? '', startedAt };
    this.calls.push(call);
    const gone = new AbortController();
    response.once('close', () => {
      call.endedAt ??= monotonicMs();
      gone.abort();
    });
    const hold = this.nextHold;
    this.nextHold = undefined;
    const answer = await this.passOn(request, body, gone.signal);
    await hold;
    Object.assign(call, answer.noted);
    // Before it is sent: the next call may begin as soon as the caller has it.
    call.endedAt ??= monotonicMs();
    response.writeHead(answer.status, answer.headers).end(answer.text);
  }

  private async passOn({ headers }: IncomingMessage, body: string, signal: AbortSignal) {
    const answer = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      headers: {
        authorization: headers.authorization ?? '',
        'content-type': headers['content-type'] ?? '',
        accept: 'application/json',
        // A kept connection that the provider closes in this moment would be a fault of the witness alone.
        connection: 'close',
      },
      body,
      signal,
    });
    const retryAfter = answer.headers.get('retry-after');
    const answered = await answer.text();
    return {
      status: answer.status,
      headers: {
        'content-type': answer.headers.get('content-type') ?? '',
        ...(retryAfter && { 'retry-after': retryAfter }),
      },
      text: answered,
      noted: { status: answer.status, ...(answer.ok && whatWasHandedOut(answered)) },
    };
  }
}

function whatWasHandedOut(answer: string): Pick<WitnessedCall, 'token' | 'expiresInMs'> {
  const { access_token, expires_in } = JSON.parse(answer) as { access_token: string; expires_in: number };
  return { token: tokenDigest(access_token), expiresInMs: expires_in * 1_000 };
}
