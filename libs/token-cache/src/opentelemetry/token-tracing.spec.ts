import { randomUUID } from 'node:crypto';
import { type RedisServer, startRedis, waitFor } from '@mintonce/test-support';
import { SpanStatusCode } from '@opentelemetry/api';
import { type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { Redis } from 'ioredis';
import { type TokenSource } from '../core/contract/token-source.js';
import { TokenClient } from '../core/token-client.js';
import { type StoreOperation, TokenObserver } from '../core/contract/token-observer.js';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { type Fleet, pass, REFRESH_AT, startFleet } from '../testing/fleet.spec-support.js';
import { CertifiedProvider } from './certified-provider.spec-support.js';
import { RedisTokenStore } from '../redis/redis-token-store.js';
import { asCaller, Telemetry } from './telemetry.spec-support.js';
import { TokenTracingObserver } from './token-tracing.observer.js';

const TRACEPARENT = /^00-(?<trace>[0-9a-f]{32})-(?<parent>[0-9a-f]{16})-01$/;
const TENANT = 'tenant-of-a-customer';
const SECRET = 'secret-of-nobody';

const parentOf = (span: ReadableSpan) => span.parentSpanContext?.spanId;
const idOf = (span: ReadableSpan) => span.spanContext().spanId;

describe('The spans of an application', () => {
  let server: RedisServer;
  let redis: Redis;
  let idp: CertifiedProvider;
  let telemetry: Telemetry;
  let namespace: string;
  let open: TokenClient[];

  beforeAll(async () => {
    [server, idp] = await Promise.all([startRedis(), CertifiedProvider.start()]);
    redis = new Redis(server.socketPath);
  });

  beforeEach(() => {
    telemetry = new Telemetry();
    idp.reset();
    namespace = randomUUID();
    open = [];
  });

  afterEach(async () => {
    await Promise.all(open.map((tokens) => tokens.close()));
    await telemetry.stop();
  });

  afterAll(async () => {
    redis?.disconnect();
    await Promise.all([server?.stop(), idp?.stop()]);
  });

  /** One more process of the application. */
  function replica(source: TokenSource = idp.source(), policy = {}): TokenClient {
    const tokens = new TokenClient({
      store: new RedisTokenStore(redis, { namespace }),
      integrations: { billing: { source } },
      // A busy machine is no outage, and no process that died.
      storeTimeoutMs: 10_000,
      leaseMs: 60_000,
      waitTimeoutMs: 90_000,
      ...policy,
    });
    tokens.observe(new TokenTracingObserver());
    open.push(tokens);
    return tokens;
  }

  it('show a call that mints as a child of its caller, and the mint as a child of the call', async () => {
    const tokens = replica();
    await asCaller(() => tokens.getToken('billing'));
    const [request, get, mint] = ['request', 'token.get', 'token.mint'].map((name) => telemetry.span(name)) as [
      ReadableSpan,
      ReadableSpan,
      ReadableSpan,
    ];
    expect([parentOf(get), parentOf(mint)]).toEqual([idOf(request), idOf(get)]);
    expect(get.attributes).toEqual({ 'token.integration': 'billing', 'token.outcome': 'minted' });
    expect(mint.attributes).toEqual({
      'token.integration': 'billing',
      'token.mint.reason': 'miss',
      'token.outcome': 'stored',
    });
  });

  it('go on at the identity provider, which is sent the trace and no baggage', async () => {
    const tokens = replica();
    await asCaller(() => tokens.getToken('billing'));
    const { traceparent = '', baggage } = idp.seen[0]!;
    const mint = telemetry.span('token.mint').spanContext();
    expect(TRACEPARENT.exec(String(traceparent))?.groups).toEqual({ trace: mint.traceId, parent: mint.spanId });
    expect(baggage).toBeUndefined();
  });

  it('have none for the token in hand', async () => {
    const tokens = replica();
    // Until its events arrive, the process asks the store.
    await waitFor(async () => {
      telemetry.reset();
      await tokens.getToken('billing');
      return telemetry.spans().length === 0;
    });
    for (let call = 0; call < 3; call++) await asCaller(() => tokens.getToken('billing'));
    expect(telemetry.spans().map(({ name }) => name)).toEqual(['request', 'request', 'request']);
  });

  it('say that another process had minted', async () => {
    await replica().getToken('billing');
    telemetry.reset();
    await asCaller(() => replica().getToken('billing'));
    expect(telemetry.spans().map(({ name }) => name)).toEqual(['token.get', 'request']);
    expect(telemetry.span('token.get').attributes).toMatchObject({ 'token.outcome': 'shared' });
  });

  it('say that a call waited for the mint of another process', async () => {
    const release = idp.hold();
    const first = replica().getToken('billing');
    await waitFor(() => idp.seen.length === 1);
    const waiting = replica();
    let isTold = false;
    waiting.observe(
      new (class extends TokenObserver {
        override storeCalled(operation: StoreOperation): void {
          isTold ||= operation === 'acquire';
        }
      })(),
    );
    const second = asCaller(() => waiting.getToken('billing'));
    await waitFor(() => isTold);
    release();
    await Promise.all([first, second]);
    expect(telemetry.spans('token.mint')).toHaveLength(1);
    expect(
      telemetry
        .spans('token.get')
        .map(({ attributes }) => attributes['token.outcome'])
        .sort(),
    ).toEqual(['minted', 'waited']);
  });

  it('show one mint for callers at the same time, as a child of the first of them', async () => {
    const tokens = replica();
    await Promise.all(Array.from({ length: 3 }, () => asCaller(() => tokens.getToken('billing'))));
    const calls = telemetry.spans('token.get');
    const [first, ...others] = calls.filter(({ attributes }) => attributes['token.outcome'] === 'minted');
    expect([calls.length, others.length, parentOf(telemetry.span('token.mint'))]).toEqual([3, 0, idOf(first!)]);
    expect(new Set(calls.map((span) => span.spanContext().traceId)).size).toBe(3);
  });

  it('name the code of an error, and nothing else of it', async () => {
    const source = idp.source({ clientSecret: SECRET });
    await asCaller(() =>
      replica(source)
        .getToken('billing')
        .catch(() => {}),
    );
    for (const name of ['token.get', 'token.mint']) {
      const { attributes, status, events } = telemetry.span(name);
      expect(attributes).toMatchObject({ 'token.outcome': 'failed', 'error.type': 'TOKEN_SOURCE_REJECTED' });
      expect([status, events]).toEqual([{ code: SpanStatusCode.ERROR }, []]);
    }
  });

  it('call the error of a caller that left _OTHER', async () => {
    const release = idp.hold();
    const leaving = new AbortController();
    const call = replica().getToken('billing', {}, { signal: leaving.signal });
    await waitFor(() => idp.seen.length === 1);
    leaving.abort(new Error('a-tenant closed the page'));
    await expect(call).rejects.toThrow('closed the page');
    release();
    expect(telemetry.span('token.get').attributes).toMatchObject({ 'error.type': '_OTHER' });
  });

  it('hold no token, secret or tenant', async () => {
    const tokens = replica(idp.source({ parameters: { organization: '{tenant}' } }));
    const request = { tenant: TENANT, scope: 'a-scope' };
    const { accessToken } = await asCaller(() => tokens.getToken('billing', request));
    const wrong = replica(idp.source({ clientSecret: SECRET, parameters: { organization: '{tenant}' } }));
    await asCaller(() => wrong.getToken('billing', request).catch(() => {}));
    const text = JSON.stringify(
      telemetry.spans().map(({ name, attributes, events, links, status }) => [name, attributes, events, links, status]),
    );
    expect(text).toContain('TOKEN_SOURCE_REJECTED');
    const hidden = [TENANT, SECRET, accessToken, 'a-scope', 'a-tenant', 'secret-of-the-client'];
    expect(hidden.filter((word) => text.includes(word))).toEqual([]);
  });
});

describe('The span of a refresh', () => {
  let telemetry: Telemetry;
  let fleet: Fleet;

  beforeEach(() => {
    telemetry = new Telemetry();
    fleet = startFleet();
  });

  afterEach(async () => {
    await fleet.stop();
    await telemetry.stop();
  });

  it('begins a trace, and links to the call under way', async () => {
    const tokens = fleet.replica();
    await tokens.getToken('billing');
    tokens.observe(new TokenTracingObserver());
    await pass(REFRESH_AT);
    await asCaller(() => tokens.getToken('billing'));
    await pass(0);
    const mint = telemetry.span('token.mint');
    const request = telemetry.span('request').spanContext();
    expect(mint.attributes).toMatchObject({ 'token.mint.reason': 'refresh', 'token.outcome': 'stored' });
    expect([parentOf(mint), mint.links.map(({ context }) => context)]).toEqual([undefined, [request]]);
    expect(mint.spanContext().traceId).not.toBe(request.traceId);
  });
});

describe('A request to an identity provider', () => {
  let idp: CertifiedProvider;

  beforeAll(async () => {
    idp = await CertifiedProvider.start();
  });
  afterAll(() => idp.stop());

  async function namesOfHeaders(source: TokenSource, isObserved = true): Promise<string[]> {
    const tokens = new TokenClient({ store: new MemoryTokenStore(), integrations: { billing: { source } } });
    if (isObserved) tokens.observe(new TokenTracingObserver());
    await tokens.getToken('billing');
    await tokens.close();
    return Object.keys(idp.seen.at(-1)!).sort();
  }

  it('is the same with an observer and without, unless a tracer is registered', async () => {
    expect(await namesOfHeaders(idp.source())).toEqual(await namesOfHeaders(idp.source(), false));
  });

  it.each([
    ['a fetch of the options, which the instrumentation of fetch gives the trace', (): object => ({ fetch })],
    ['a header of that name', (): object => ({ headers: { TraceParent: 'of the options' } })],
  ])('is given nothing where the source has %s', async (_what, options) => {
    const telemetry = new Telemetry();
    try {
      await namesOfHeaders(idp.source(options()));
      expect([undefined, 'of the options']).toContain(idp.seen.at(-1)!.traceparent);
    } finally {
      await telemetry.stop();
    }
  });
});
