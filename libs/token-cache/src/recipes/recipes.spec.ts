import { randomUUID } from 'node:crypto';
import { type RedisServer, startRedis, waitFor } from '@mintonce/test-support';
import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { type AxiosInstance } from 'axios';
import { type ConnectionOptions, Queue, QueueEvents, type Worker } from 'bullmq';
import { type Dispatcher } from 'undici';
import { TokenSourceUnavailableError } from '../core/contract/token-cache.errors.js';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { TokenClient } from '../core/token-client.js';
import { TokenCacheModule } from '../nest/token-cache.module.js';
import { type ClientCredentialsOptions } from '../oauth/index.js';
import { RecordingIdp, TOKEN } from '../oauth/recording-idp.spec-support.js';
import { PageCode } from '../page-code.spec-support.js';
import { RefusingUpstream } from './refusing-upstream.spec-support.js';
import { FakeTokenSource } from '../testing/index.js';

type Recipe<Name extends string, Value> = Record<Name, Value>;
type FindBy<Client> = (client: Client, id: string, base: string) => Promise<unknown>;

interface OpenTokens {
  tokens: TokenClient;
  close(): Promise<void>;
}

describe('The recipe', () => {
  const page = new PageCode('docs/recipes.md');
  let upstream: RefusingUpstream;
  let source: FakeTokenSource;
  let tokens: TokenClient;

  beforeEach(async () => {
    upstream = await RefusingUpstream.start();
    source = new FakeTokenSource('billing');
    tokens = new TokenClient({ store: new MemoryTokenStore(), integrations: { billing: { source } } });
  });

  afterEach(async () => {
    await tokens.close();
    await upstream.stop();
  });

  afterAll(() => page.remove());

  /** A recipe works when a token that is refused is replaced once, and its request answered. */
  async function expectInvoice(find: () => Promise<unknown>): Promise<void> {
    const answer = { id: '7', credential: 'Bearer billing-token-1' };
    expect(await find()).toEqual(answer);
    upstream.refuse('Bearer billing-token-1');
    expect(await find()).toEqual({ ...answer, credential: 'Bearer billing-token-2' });
    expect(source.calls).toHaveLength(2);
  }

  it('of fetch replaces a refused token', async () => {
    const { invoiceByFetch } = await page.load<Recipe<'invoiceByFetch', FindBy<TokenClient>>>('invoiceByFetch');
    await expectInvoice(() => invoiceByFetch(tokens, '7', upstream.url));
  });

  it('of undici replaces a refused token', async () => {
    type Exports = Recipe<'invoiceByUndici', FindBy<Dispatcher>> & {
      billingDispatcher: (tokens: TokenClient) => Dispatcher;
    };
    const { billingDispatcher, invoiceByUndici } = await page.load<Exports>('invoiceByUndici');
    const dispatcher = billingDispatcher(tokens);
    await expectInvoice(() => invoiceByUndici(dispatcher, '7', upstream.url));
    await dispatcher.close();
  });

  it('of axios replaces a refused token', async () => {
    type Make = (tokens: TokenClient, baseURL: string) => AxiosInstance;
    const { billingClient } = await page.load<Recipe<'billingClient', Make>>('billingClient');
    const client = billingClient(tokens, upstream.url);
    await expectInvoice(async () => (await client.get<unknown>('/invoices/7')).data);
  });

  it('of @nestjs/axios replaces a refused token', async () => {
    type Find = { find(id: string): Promise<unknown> };
    type Exports = { InvoicesModule: new () => object; Invoices: new () => Find };
    const { InvoicesModule, Invoices } = await page.load<Exports>('InvoicesModule');
    process.env.BILLING_URL = upstream.url;
    @Module({
      imports: [
        TokenCacheModule.forRoot({ store: new MemoryTokenStore(), integrations: { billing: { source } } }),
        InvoicesModule,
      ],
    })
    class AppModule {}
    const app = await Test.createTestingModule({ imports: [AppModule] }).compile();
    await app.init();
    const invoices = app.get<Find>(Invoices, { strict: false });
    await expectInvoice(() => invoices.find('7'));
    await app.close();
    delete process.env.BILLING_URL;
  });

  describe('on Redis', () => {
    let redis: RedisServer;
    let idp: RecordingIdp;
    let connection: ConnectionOptions;

    beforeAll(async () => {
      [redis, idp] = await Promise.all([startRedis(), RecordingIdp.start()]);
      connection = { host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null };
    });
    beforeEach(() => idp.reset());
    afterAll(() => Promise.all([redis?.stop(), idp?.stop()]));

    it('without Nest shares one token between two clients, and closes what it opened', async () => {
      type Open = (redis: string, billing: ClientCredentialsOptions) => OpenTokens;
      const { openTokens } = await page.load<Recipe<'openTokens', Open>>('openTokens');
      const client = { clientId: 'shop', clientSecret: randomUUID(), allowInsecureRequests: true };
      const billing = { tokenEndpoint: `${idp.origin}/token`, ...client };
      const clients = [openTokens(redis.url, billing), openTokens(redis.url, billing)];
      const given = await Promise.all(clients.map((client) => client.tokens.getToken('billing')));
      expect(given.map(({ accessToken }) => accessToken)).toEqual([TOKEN.access_token, TOKEN.access_token]);
      expect(idp.seen).toHaveLength(1);
      await Promise.all(clients.map((client) => client.close()));
    });

    describe('of a BullMQ worker', () => {
      let queue: Queue;
      let events: QueueEvents;
      let worker: Worker;

      beforeEach(async () => {
        type Make = (tokens: TokenClient, base: string, connection: ConnectionOptions) => Worker;
        const { invoiceWorker } = await page.load<Recipe<'invoiceWorker', Make>>('invoiceWorker');
        queue = new Queue('invoices', { connection });
        events = new QueueEvents('invoices', { connection });
        await events.waitUntilReady();
        worker = invoiceWorker(tokens, upstream.url, connection);
      });

      afterEach(async () => {
        await worker.close();
        await events.close();
        await queue.close();
      });

      it('mints once for many jobs, and replaces a refused token', async () => {
        const jobs = await queue.addBulk(Array.from({ length: 8 }, () => ({ name: 'send', data: { id: '7' } })));
        const done = await Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
        expect(new Set(done.map((answer: { credential: string }) => answer.credential))).toEqual(
          new Set(['Bearer billing-token-1']),
        );
        upstream.refuse('Bearer billing-token-1');
        const job = await queue.add('send', { id: '8' });
        expect(await job.waitUntilFinished(events)).toEqual({ id: '8', credential: 'Bearer billing-token-2' });
        expect(source.calls).toHaveLength(2);
      });

      it('delays a job for as long as the provider is to be left alone, and spends no attempt', async () => {
        source.failure = new TokenSourceUnavailableError('down');
        const job = await queue.add('send', { id: '7' }, { attempts: 1 });
        await waitFor(async () => (await job.getState()) === 'delayed');
        delete source.failure;
        expect(await job.waitUntilFinished(events)).toMatchObject({ id: '7' });
      });
    });
  });
});
