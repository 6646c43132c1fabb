import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { waitFor } from '@mintonce/test-support';
import { FarPeer } from '../test/far-peer.js';
import { closeIfUnread } from './unread-body.js';

const REST_MS = 300;
const POST = 'POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: 60\r\n\r\n';
const GET = 'GET / HTTP/1.1\r\nHost: gateway\r\n\r\n';

describe('The rest of a body after its answer', () => {
  let server: Server;
  let caller: FarPeer;
  let isLost: boolean;

  beforeEach(async () => {
    isLost = false;
    server = createServer((request, response) => {
      closeIfUnread(request, response, REST_MS);
      response.end(request.method);
    });
    server.on('connection', (socket) => socket.once('close', () => (isLost = true)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    caller = await FarPeer.caller((server.address() as AddressInfo).port);
    caller.say(POST);
    await waitFor(() => caller.received().endsWith('POST'));
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await caller.close();
  });

  it('is waited for no longer than its time', async () => {
    await waitFor(() => isLost);
  });

  it('is read although the event loop stands still when its time is over, and so is the next request', async () => {
    await caller.speakDuringStall({ pieces: ['x'.repeat(30), 'x'.repeat(30) + GET], everyMs: REST_MS });

    await waitFor(() => isLost || caller.received().endsWith('GET'));
    expect(isLost).toBe(false);
  });
});
