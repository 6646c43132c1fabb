import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { certificateAuthority } from '@mintonce/test-support';

/** The servers that the pages name, `idp.example` and the like, on this machine: each takes any client and any of its tokens. */
export interface Outside {
  /** The certificate of the authority that vouches for them, for `NODE_EXTRA_CA_CERTS`. */
  readonly ca: string;
  /** What a page says, with these servers in the place of those that it names. */
  here(text: string): string;
  /** How many tokens were issued. */
  mints(): number;
  stop(): Promise<void>;
}

/** @param folder for its certificate */
export async function startOutside(folder: string): Promise<Outside> {
  const authority = await certificateAuthority();
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, authority.cert);
  const issued = new Set<string>();
  const server = createServer(await authority.issue('localhost'), (request, response) =>
    answer(request, response, issued),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ca,
    here: (text) => text.replace(/https:\/\/(\w+\.example)\b/g, `https://127.0.0.1:${port}/$1`),
    mints: () => issued.size,
    stop: () => close(server),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, issued: Set<string>): void {
  const { method, url = '', headers } = request;
  const send = (status: number, body: object): void => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const [issuer, metadata] = url.split('/.well-known/');
  if (metadata !== undefined) {
    const base = `https://${headers.host}${issuer}`;
    send(200, { issuer: base, token_endpoint: `${base}/token` });
  } else if (method === 'POST' && url.startsWith('/idp.example/')) {
    const token = `token-${issued.size + 1}`;
    issued.add(token);
    send(200, { access_token: token, token_type: 'Bearer', expires_in: 3_600 });
  } else {
    const isKnown =
      issued.has(headers.authorization?.replace('Bearer ', '') ?? '') || headers.authorization === 'Bearer a-token';
    send(isKnown ? 200 : 401, isKnown ? { invoices: [] } : {});
  }
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
