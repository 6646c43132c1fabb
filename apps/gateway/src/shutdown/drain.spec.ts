import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { waitFor } from '@mintonce/test-support';
import { Drain } from './drain.js';

describe('Drain', () => {
  let server: Server;
  let drain: Drain;
  let agent: Agent;
  /** Answers that the test ends. */
  let waiting: ServerResponse[];

  beforeEach(async () => {
    waiting = [];
    server = createServer((request, response) => {
      if (request.url === '/slow') waiting.push(response);
      else if (request.url === '/stream') {
        response.write('part');
        waiting.push(response);
      } else response.end('ok');
    });
    drain = new Drain(server);
    agent = new Agent({ keepAlive: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    agent.destroy();
    server.close();
    server.closeAllConnections();
  });

  async function get(path: string, options: { agent?: Agent } = { agent }): Promise<IncomingMessage> {
    const { port } = server.address() as AddressInfo;
    return answerOf(port, path, options);
  }

  async function answerOf(port: number, path: string, options: { agent?: Agent }): Promise<IncomingMessage> {
    const request = httpRequest({ port, host: '127.0.0.1', path, ...options });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  }

  it('ends at once if there is no connection', async () => {
    await drain.run(60_000);

    expect(server.listening).toBe(false);
  });

  it('waits for an answer that has not begun, and sends Connection: close with it', async () => {
    const answer = get('/slow');
    await waitFor(() => waiting.length === 1);
    const drained = drain.run(60_000);
    waiting[0]!.end('finished');

    const response = await answer;
    expect(response.headers.connection).toBe('close');
    expect(await text(response)).toBe('finished');
    await drained;
  });

  it('waits for an answer that has begun', async () => {
    const response = await get('/stream');
    const drained = drain.run(60_000);
    waiting[0]!.end(', finished');

    expect(await text(response)).toBe('part, finished');
    await drained;
  });

  it('refuses new connections', async () => {
    const { port } = server.address() as AddressInfo;
    const response = await get('/stream');
    const drained = drain.run(60_000);

    await expect(answerOf(port, '/', {})).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    waiting[0]!.end();
    await text(response);
    await drained;
  });

  it('answers a last request on an idle connection, and then closes it', async () => {
    const { port } = server.address() as AddressInfo;
    await text(await get('/'));
    const drained = drain.run(60_000);

    const last = await answerOf(port, '/', { agent });
    expect(last.headers.connection).toBe('close');
    expect(await text(last)).toBe('ok');
    await drained;
  });

  it('closes connections that stay idle', async () => {
    await text(await get('/'));

    await drain.run(60_000);

    expect(server.listening).toBe(false);
  });

  it('breaks off an answer that takes longer than the timeout', async () => {
    const response = await get('/stream');

    await drain.run(1);

    await expect(text(response)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});
