import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** One value of a metric: a count, the number of measurements, or what was measured last. */
export interface Series {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: number;
}

/** The SDK of OpenTelemetry, as an application registers it, with exporters that keep everything. */
export class Telemetry {
  private readonly spanExporter = new InMemorySpanExporter();
  private readonly metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  private readonly reader = new PeriodicExportingMetricReader({
    exporter: this.metricExporter,
    // Collected when a test asks.
    exportIntervalMillis: 2 ** 31 - 1,
  });
  private readonly tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.spanExporter)] });
  private readonly meters = new MeterProvider({ readers: [this.reader] });

  constructor() {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(this.tracers);
    metrics.setGlobalMeterProvider(this.meters);
    propagation.setGlobalPropagator(
      new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
    );
  }

  /** Spans that have ended, those of that name if one is given, in the order of their end. */
  spans(name?: string): ReadableSpan[] {
    return this.spanExporter.getFinishedSpans().filter((span) => name === undefined || span.name === name);
  }

  /** The only span of that name. */
  span(name: string): ReadableSpan {
    const [span, ...others] = this.spans(name);
    if (!span || others.length > 0) throw new Error(`There are ${others.length + (span ? 1 : 0)} spans "${name}"`);
    return span;
  }

  /** All metrics by name. */
  async metrics(): Promise<Map<string, Series[]>> {
    this.metricExporter.reset();
    await this.reader.forceFlush();
    const found = this.metricExporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
    return new Map(
      found.flatMap(({ metrics: some }) =>
        some.map(({ descriptor, dataPoints }) => [
          descriptor.name,
          dataPoints.map(({ attributes, value }) => ({
            attributes,
            value: typeof value === 'number' ? value : value.count,
          })),
        ]),
      ),
    );
  }

  /** Forgets the spans so far. */
  reset(): void {
    this.spanExporter.reset();
  }

  async stop(): Promise<void> {
    for (const api of [context, trace, metrics, propagation]) api.disable();
    await Promise.all([this.tracers.shutdown(), this.meters.shutdown()]);
  }
}

/** Does something as a request of the application does it: within a span, and with baggage of its own. */
export function asCaller<T>(work: () => Promise<T>): Promise<T> {
  const baggage = propagation.createBaggage({ customer: { value: 'a-tenant' } });
  return context.with(propagation.setBaggage(context.active(), baggage), () =>
    trace.getTracer('application').startActiveSpan('request', (span) => work().finally(() => span.end())),
  );
}
