import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface SeenRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  body: Buffer;
}

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

export interface RecordingUpstream {
  readonly url: string;
  readonly server: Server;
  /** Requests in the order in which they were complete. */
  readonly seen: SeenRequest[];
  /** What it answers from now on; the body has been read when `behave` is called, unless `streaming`. */
  behave(behaviour: Behaviour, options?: { streaming?: boolean }): void;
  /** Forgets what it saw, and answers 200 `ok` again. */
  reset(): void;
  close(): Promise<void>;
}

const ok: Behaviour = (_request, response) => response.end('ok');

/** A real HTTP server that remembers every request. */
export async function recordingUpstream(
  make: (listener: Behaviour) => Server = createServer,
): Promise<RecordingUpstream> {
  const seen: SeenRequest[] = [];
  let behaviour = ok;
  let isStreaming = false;
  const server = make((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers, rawHeaders } = request;
    const record = { method, url, headers, rawHeaders, body: Buffer.alloc(0) };
    if (isStreaming) seen.push(record);
    else {
      record.body = await buffer(request);
      seen.push(record);
    }
    behaviour(request, response);
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    seen,
    behave(next, { streaming = false } = {}) {
      behaviour = next;
      isStreaming = streaming;
    },
    reset() {
      seen.length = 0;
      behaviour = ok;
      isStreaming = false;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
