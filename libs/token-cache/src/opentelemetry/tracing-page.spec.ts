import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { context, metrics, propagation, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { type TokenSource } from '../core/contract/token-source.js';
import { TokenClient } from '../core/token-client.js';
import { TokenCacheModule } from '../nest/token-cache.module.js';
import { TokenService } from '../nest/token.service.js';
import { answers, RecordingIdp } from '../oauth/recording-idp.spec-support.js';
import { PageCode } from '../page-code.spec-support.js';

interface StartTelemetry {
  startTelemetry(processor: SimpleSpanProcessor, reader: PeriodicExportingMetricReader): void;
}
type Modules = Record<'ObservabilityModule', new () => object>;
interface Observed {
  observed(tokens: TokenClient): TokenClient;
}
interface Sso {
  sso(url: string): TokenSource;
}

describe('The code of docs/tracing.md', () => {
  const page = new PageCode('docs/tracing.md');
  let idp: RecordingIdp;
  let spans: InMemorySpanExporter;
  let values: InMemoryMetricExporter;
  let reader: PeriodicExportingMetricReader;

  beforeEach(async () => {
    idp = await RecordingIdp.start();
    spans = new InMemorySpanExporter();
    values = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    reader = new PeriodicExportingMetricReader({ exporter: values, exportIntervalMillis: 2 ** 31 - 1 });
    const { startTelemetry } = await page.load<StartTelemetry>('startTelemetry');
    startTelemetry(new SimpleSpanProcessor(spans), reader);
  });

  afterEach(async () => {
    for (const api of [context, trace, metrics, propagation]) api.disable();
    await reader.shutdown();
    await idp.stop();
  });

  afterAll(() => page.remove());

  const spansByName = () =>
    spans
      .getFinishedSpans()
      .map(({ name }) => name)
      .sort();

  async function metricsByName(): Promise<string[]> {
    await reader.forceFlush();
    return values
      .getMetrics()
      .flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap((scope) => scope.metrics.map((metric) => metric.descriptor.name)),
      );
  }

  it('gives the spans and metrics of a Nest application to the SDK', async () => {
    const { ObservabilityModule } = await page.load<Modules>('ObservabilityModule');
    const root = TokenCacheModule.forRoot({
      store: new MemoryTokenStore(),
      integrations: { billing: { source: idp.source() } },
    });
    @Module({ imports: [root, ObservabilityModule] })
    class AppModule {}
    const app = await Test.createTestingModule({ imports: [AppModule] }).compile();
    await app.init();
    await app.get(TokenService, { strict: false }).getToken('billing');
    await app.close();
    expect(spansByName()).toEqual(['token.get', 'token.mint']);
    expect(await metricsByName()).toEqual(expect.arrayContaining(['token.cache.hits', 'token.mints']));
  });

  it('does the same without Nest, and passes the trace on by a source of one’s own', async () => {
    const { observed } = await page.load<Observed>('observed');
    const { sso } = await page.load<Sso>('sso');
    idp.respond = answers('a-token');
    const integrations = { sso: { source: sso(idp.origin) } };
    const tokens = observed(new TokenClient({ store: new MemoryTokenStore(), integrations }));
    expect((await tokens.getToken('sso')).accessToken).toBe('a-token');
    await tokens.close();
    expect(spansByName()).toEqual(['token.get', 'token.mint']);
    const mint = spans.getFinishedSpans().find(({ name }) => name === 'token.mint');
    expect(idp.last.headers.traceparent).toContain(mint?.spanContext().spanId);
    expect(await metricsByName()).toEqual(expect.arrayContaining(['token.cache.hits', 'token.mints']));
  });
});
