import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { waitFor } from '@mintonce/test-support';
import { register } from 'prom-client';
import { type RefusingUpstream, refusingUpstream } from '../test/refusing-upstream.js';

describe('A request whose token the upstream refuses', () => {
  let rig: RefusingUpstream;

  afterEach(() => rig?.close());

  /** The upstream has accepted `token-1` a moment ago, and refuses it from now on. */
  async function revoked(policy = {}): Promise<void> {
    rig = await refusingUpstream(policy);
    expect(await rig.get()).toMatchObject({ status: 200, body: 'token-1' });
    rig.upstream.seen.length = 0;
    rig.refuse((token) => token === 1);
  }

  it('is sent again with a new token, unseen by the caller', async () => {
    await revoked();

    expect(await rig.get()).toMatchObject({ status: 200, body: 'token-2' });
    expect(rig.tokens).toEqual(['token-1', 'token-2']);
  });

  it('is sent again with the same token first, when that token is new', async () => {
    rig = await refusingUpstream();
    rig.refuse((token) => token === 1);

    expect(await rig.get()).toMatchObject({ status: 200, body: 'token-2' });
    expect(rig.tokens).toEqual(['token-1', 'token-1', 'token-2']);
  });

  it('is one of 200 that cost one mint together and are all answered with 200', async () => {
    await revoked();
    const answers = await Promise.all(Array.from({ length: 200 }, () => rig.get()));

    expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(['token-2']));
    expect(rig.mints).toBe(2);
  });

  it('is counted as sent again', async () => {
    await revoked();
    const before = await retries();
    await rig.get();

    expect(await retries()).toBe(before + 1);
  });

  async function retries(): Promise<number> {
    const samples = (await register.getSingleMetric('gateway_retries_total')?.get())?.values ?? [];
    return samples.reduce((sum, { value }) => sum + value, 0);
  }

  it.each([
    ['of known length', { 'content-length': 4 }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('is sent again with its body, if that is short: %s', async (_, headers) => {
    await revoked();

    expect(await rig.post('body', headers)).toMatchObject({ status: 200, body: 'token-2' });
    expect(rig.upstream.seen.map(({ body }) => body.toString())).toEqual(['body', 'body']);
  });

  it.each([
    ['of known length', { 'content-length': 1_001 }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('is not sent again when its body is too long to keep, but the token is replaced: %s', async (_, headers) => {
    await revoked();

    expect(await rig.post(Buffer.alloc(1_001), headers)).toMatchObject({ status: 401, body: 'revoked' });
    expect(rig.tokens).toEqual(['token-1']);
    await waitFor(() => rig.mints === 2);
    await waitFor(async () => (await rig.post(Buffer.alloc(1_001), headers)).body === 'token-2');
  });

  it('is not sent again while its body is not all there', async () => {
    await revoked();
    rig.upstream.behave((_request, response) => response.writeHead(401).end('revoked'), { streaming: true });
    const headers = { 'transfer-encoding': 'chunked' };
    const request = httpRequest(`${rig.url}/proxy/billing/x`, { method: 'POST', headers, agent: false });
    request.on('error', () => {}).write('part');

    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(401);
    expect(rig.upstream.seen).toHaveLength(1);
    request.destroy();
  });

  it('gets the second 401 when the new token is refused as well', async () => {
    await revoked();
    rig.refuse(() => true);

    expect(await rig.get()).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
      body: 'revoked',
    });
    expect(rig.tokens).toEqual(['token-1', 'token-2']);
  });

  it('gets the whole answer of the upstream while no other token can be had', async () => {
    await revoked();
    rig.idp.isUp = false;
    const body = 'refused '.repeat(500_000);
    rig.refuseWith((_request, response) => response.writeHead(401, { 'x-reason': 'revoked' }).end(body));

    const answer = await rig.get();
    expect(answer).toMatchObject({ status: 401, headers: { 'x-reason': 'revoked' } });
    expect(answer.body === body).toBe(true);
  });

  it('gets the whole answer of the upstream when the token was replaced a moment ago', async () => {
    await revoked();
    rig.refuse((token) => token < 2);
    await rig.get();
    rig.refuse(() => true);
    const body = 'refused '.repeat(500_000);
    rig.refuseWith((_request, response) => response.writeHead(401, { 'x-reason': 'revoked' }).end(body));

    const answer = await rig.get();
    expect(answer).toMatchObject({ status: 401, headers: { 'x-reason': 'revoked' } });
    expect(answer.body === body).toBe(true);
    expect(rig.mints).toBe(2);
  });

  it.each([400, 403, 429, 500, 502, 503])(
    'is not meant by a status of %d, which reaches the caller at once',
    async (status) => {
      await revoked();
      rig.refuseWith((_request, response) => response.writeHead(status, { 'retry-after': '1' }).end());

      expect((await rig.get()).status).toBe(status);
      expect([rig.tokens, rig.mints]).toEqual([['token-1'], 1]);
    },
  );

  it('is sent again after a 403, if the policy says so', async () => {
    await revoked({ renewOn: [401, 403] });
    rig.refuseWith((_request, response) => response.writeHead(403).end());

    expect(await rig.get()).toMatchObject({ status: 200, body: 'token-2' });
  });

  it('is sent again after an interim answer and a 401', async () => {
    await revoked();
    rig.refuseWith((_request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.writeHead(401).end();
    });

    expect(await rig.get()).toMatchObject({ status: 200, body: 'token-2' });
  });

  it.each([
    ['is long', (response: ServerResponse) => response.end(Buffer.alloc(10_000_000))],
    ['never ends', (response: ServerResponse) => response.write('part')],
  ])('keeps no connection open when the body of the refusal %s', async (_, answer) => {
    await revoked();
    const open = new Set<ServerResponse>();
    rig.refuseWith((_request, response) => {
      open.add(response);
      response.once('close', () => open.delete(response));
      answer(response.writeHead(401));
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => rig.get()));

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await waitFor(() => open.size === 0);
  });

  it('ends at the upstream when the caller leaves while the next token is minted', async () => {
    await revoked();
    let refusal: ServerResponse | undefined;
    rig.refuseWith((_request, response) => (refusal = response.writeHead(401)).write('part'));
    rig.idp.hold();
    const request = httpRequest(`${rig.url}/proxy/billing/x`, { agent: false }).on('error', () => {});
    request.end();
    await waitFor(() => rig.mints === 2);
    request.destroy();

    await waitFor(() => refusal?.destroyed === true);
    rig.idp.release();
    expect(rig.tokens).toEqual(['token-1']);
  });
});
