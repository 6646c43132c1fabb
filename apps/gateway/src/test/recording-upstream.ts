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
  /** Requests in the order in which they were complete; while streaming, in which they began. */
  readonly seen: SeenRequest[];
  /** Sets the answer of later requests. The body is read before it, unless `streaming`. */
  behave(behaviour: Behaviour, options?: { streaming?: boolean }): void;
  /** Clears `seen`, and restores the answer 200 `ok`. */
  reset(): void;
  close(): Promise<void>;
}

const ok: Behaviour = (_request, response) => response.end('ok');

/** A real HTTP server that records every request. */
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
