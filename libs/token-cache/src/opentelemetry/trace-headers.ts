import { type Context, propagation } from '@opentelemetry/api';

/** Headers of W3C Trace Context. Others, such as `baggage`, may hold what is not meant for an identity provider. */
const TRACE_CONTEXT = ['traceparent', 'tracestate'];

/** The trace of that context, as the registered propagator writes it; nothing where none is registered. */
export function traceHeaders(context: Context): Record<string, string> {
  const injected: Record<string, string> = {};
  propagation.inject(context, injected);
  return Object.fromEntries(Object.entries(injected).filter(([name]) => TRACE_CONTEXT.includes(name)));
}
