import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { text } from 'node:stream/consumers';
import { Logger } from '@nestjs/common';
import { selfSignedCertificate, waitFor } from '@mintonce/test-support';
import { type IncomingMessage } from 'node:http';
import { guardedGateway, type GuardedGateway } from '../test/guarded-gateway.js';
import { Drain } from '../shutdown/drain.js';
import { createTlsServer } from './tls-server.js';

const PAIR = { cert: 'file:tls.crt', key: 'file:tls.key' };

describe('The gateway with TLS', () => {
  let gateway: GuardedGateway;
  afterEach(() => gateway?.stop());

  async function write(directory: string, commonName: string): Promise<void> {
    const { cert, key } = await selfSignedCertificate(commonName);
    writeFileSync(join(directory, 'tls.crt'), cert);
    writeFileSync(join(directory, 'tls.key'), key);
  }
  async function start(file: object = {}): Promise<void> {
    const first = await selfSignedCertificate('first.example');
    gateway = await guardedGateway({ listen: { tls: PAIR }, ...file }, {}, (directory) => {
      writeFileSync(join(directory, 'tls.crt'), first.cert);
      writeFileSync(join(directory, 'tls.key'), first.key);
    });
  }
  async function get(path: string): Promise<{ status?: number; body: string }> {
    const request = httpsRequest(`${gateway.url}${path}`, { rejectUnauthorized: false, agent: false });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { status: response.statusCode, body: await text(response) };
  }
  async function handshake(options: object = {}): Promise<TLSSocket> {
    const socket = connectTls({ port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    await once(socket, 'secureConnect');
    return socket;
  }
  async function nameOfCertificate(): Promise<unknown> {
    const socket = await handshake();
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return subject.CN;
  }

  it('serves callers, and tells the upstream that they came by https', async () => {
    await start();

    expect(await get('/proxy/billing/x')).toEqual({ status: 200, body: 'ok' });
    expect(gateway.upstream.seen[0]!.headers['x-forwarded-proto']).toBe('https');
    expect((await get('/health/ready')).status).toBe(200);
  });

  it('takes a new certificate from its files without a restart, and keeps the connections that are open', async () => {
    await start();
    const kept = await handshake();
    expect(await nameOfCertificate()).toBe('first.example');
    await write(gateway.directory, 'second.example');

    await waitFor(async () => (await nameOfCertificate()) === 'second.example');
    kept.write(`GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(await text(kept)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('keeps its certificate while the files hold no pair, says so once, and takes the next pair', async () => {
    await start();
    const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    const refusals = () => warned.mock.calls.filter(([line]) => `${line}`.includes('cannot be used'));
    writeFileSync(join(gateway.directory, 'tls.key'), (await selfSignedCertificate('other')).key);
    await waitFor(() => refusals().length > 0);
    expect(await nameOfCertificate()).toBe('first.example');
    await write(gateway.directory, 'third.example');

    await waitFor(async () => (await nameOfCertificate()) === 'third.example');
    expect(refusals()).toHaveLength(1);
    expect(JSON.stringify(warned.mock.calls)).not.toContain('PRIVATE KEY');
    warned.mockRestore();
  });

  it.each(['TLSv1', 'TLSv1.1'])('speaks no %s', async (version) => {
    await start();

    await expect(handshake({ minVersion: version, maxVersion: version })).rejects.toThrow();
  });

  it('answers nothing in the clear', async () => {
    await start();
    const socket = connect(gateway.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');

    expect(await text(socket).catch(() => '')).not.toContain('HTTP/1.1');
  });

  it('stops although a caller never finished its handshake', async () => {
    const server = createTlsServer({}, await selfSignedCertificate('localhost'));
    const drain = new Drain(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').resume();
    socket.on('error', () => {});
    await once(server, 'connection');

    await drain.run(1);
    expect(server.listening).toBe(false);
  });

  it('closes connections beyond those that are allowed, before their handshake', async () => {
    await start({ limits: { connections: 1 } });
    const kept = await handshake();

    await expect(handshake()).rejects.toThrow();
    kept.destroy();
    await waitFor(async () => (await get('/health/live')).status === 200);
  });

  it('has a certificate of its own at the operations door', async () => {
    await start({ listen: {}, operations: { port: 9400, tls: PAIR } });
    const request = httpsRequest({
      port: gateway.operationsPort,
      host: '127.0.0.1',
      path: '/health/live',
      rejectUnauthorized: false,
      agent: false,
    });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];

    expect(response.statusCode).toBe(200);
  });
});
