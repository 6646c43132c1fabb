import fc from 'fast-check';
import { connect } from 'node:net';
import { METHODS } from 'node:http';
import { guardedGateway, type GuardedGateway } from '../test/guarded-gateway.js';

const BOUNDS = { numRuns: 300, interruptAfterTimeLimit: 15_000 };
/** Well above all that answers here; below what a connection is kept for. */
const HANG_MS = 20_000;

const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array).toString('latin1'));
const word = fc.oneof(fc.string({ maxLength: 12 }), bytes);
const method = fc.oneof(fc.constantFrom(...METHODS), word);
const target = fc.oneof(
  fc.constantFrom(
    ...['/', '*', '/health', '/metrics', '/api/integrations', '/proxy/billing', '//a/b', 'http://a/b', '/%', ''],
  ),
  fc
    .tuple(fc.constantFrom('/proxy/billing/', '/proxy/', '/token/', '/api/integrations/'), word)
    .map((parts) => parts.join('')),
  word,
);
const version = fc.oneof(
  { weight: 9, arbitrary: fc.constant('HTTP/1.1') },
  fc.constantFrom('HTTP/1.0', 'HTTP/2.0', '', 'X'),
);
const name = fc.oneof(
  fc.constantFrom(
    ...['Content-Length', 'Transfer-Encoding', 'Connection', 'Expect', 'Upgrade', 'Trailer', 'Cookie', 'Via'],
  ),
  fc.constantFrom(
    ...['Authorization', 'X-Api-Key', 'X-Request-Id', 'Origin', 'Host', 'Range', 'TE', 'Content-Type', 'Forwarded'],
  ),
  word,
);
const field = fc.tuple(
  name,
  fc.oneof(
    fc.constantFrom('0', '5', 'chunked', 'close', 'keep-alive', '100-continue', 'h2c', 'websocket', 'a, b'),
    word,
  ),
);
const request = fc
  .record({
    method,
    target,
    version,
    host: fc.constantFrom('Host: 127.0.0.1\r\n', 'Host: 127.0.0.1\r\n', 'Host: a.example\r\n', ''),
    fields: fc.array(field, { maxLength: 6 }),
    body: fc.oneof(fc.constant(''), word, fc.constant('0\r\n\r\n'), fc.constant('5\r\nhello\r\n0\r\n\r\n')),
  })
  .map(
    ({ method, target, version, host, fields, body }) =>
      `${method} ${target} ${version}\r\n${host}${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
  );

describe('The HTTP surface of the gateway', () => {
  let gateway: GuardedGateway;

  beforeAll(async () => {
    gateway = await guardedGateway({ operations: { port: 1 } });
  });
  afterAll(() => gateway?.stop());

  /** Sends in pieces, closes its half, and reads to the end of the connection. */
  function send(port: number, pieces: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      const hangs = setTimeout(() => {
        socket.destroy();
        reject(new Error('The connection hangs'));
      }, HANG_MS);
      socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
      // A connection that is refused may be reset while more is sent over it.
      socket.on('error', () => {});
      socket.once('close', () => {
        clearTimeout(hangs);
        resolve(text);
      });
      for (const piece of pieces) socket.write(piece, 'latin1');
      socket.end();
    });
  }

  it.each(['main', 'operations'])(
    'has an answer that is no failure for all that is sent to it, closes the connection, and serves the next one: %s',
    async (door) => {
      const port = door === 'main' ? gateway.port : gateway.operationsPort;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.oneof({ weight: 4, arbitrary: request }, bytes), { maxLength: 3 }),
          async (pieces) => {
            const answer = await send(port, pieces);

            expect(answer === '' || answer.startsWith('HTTP/1.1 ')).toBe(true);
            expect(answer).not.toMatch(/HTTP\/1\.1 500/);
            expect((await fetch(`http://127.0.0.1:${port}/health/live`)).status).toBe(200);
          },
        ),
        BOUNDS,
      );
      expect((await fetch(`${gateway.url}/proxy/billing/x`)).status).toBe(200);
    },
  );
});
