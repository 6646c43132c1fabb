import {
  type Attributes,
  context,
  type Context,
  createContextKey,
  type Span,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { type ObservedWork, type WorkEnd } from '../core/contract/observed-work.js';
import { TokenCacheError } from '../core/contract/token-cache.errors.js';
import { type GetOutcome, type MintOutcome, TokenObserver } from '../core/contract/token-observer.js';
import { type MintReason } from '../core/contract/token-store.js';
import { ERROR_TYPE, INTEGRATION, OUTCOME, REASON, SCOPE } from './scope.js';
import { traceHeaders } from './trace-headers.js';

/** The call that waits for what runs in a context; it is over once it has its answer. */
const GETTING = createContextKey('a token.get that is not over');

/**
 * Makes spans of what a caller may have to wait for: `token.get` for a call that cannot be given the token in hand, and `token.mint`
 * for a mint. A mint for a caller is a child of the call that began it; one behind the callers' backs begins a trace of its own and
 * links to the call that was under way. Spans hold the name of the integration, outcomes, reasons and error codes alone.
 *
 * @example
 * tokens.observe(new TokenTracingObserver());
 */
export class TokenTracingObserver extends TokenObserver {
  private readonly tracer: Tracer = trace.getTracer(SCOPE);

  override getting(integration: string): ObservedWork<GetOutcome> {
    const caller = context.active();
    const span = this.tracer.startSpan('token.get', { attributes: { [INTEGRATION]: integration } }, caller);
    const getting = { isOver: false };
    const { ended, ...work } = spanOf(span, caller.setValue(GETTING, getting));
    return {
      ...work,
      ended(end) {
        getting.isOver = true;
        ended(end);
      },
    };
  }

  override minting(integration: string, reason: MintReason): ObservedWork<MintOutcome> {
    const active = context.active();
    const attributes = { [INTEGRATION]: integration, [REASON]: reason };
    const span = isAwaited(active)
      ? this.tracer.startSpan('token.mint', { attributes }, active)
      : this.startLinked(attributes, active);
    const work = spanOf<MintOutcome>(span, active);
    return { ...work, headers: traceHeaders(trace.setSpan(active, span)) };
  }

  /** A trace of its own: the trace of the caller ends before the mint does. */
  private startLinked(attributes: Attributes, active: Context): Span {
    const caller = trace.getSpanContext(active);
    const links = caller ? [{ context: caller }] : [];
    return this.tracer.startSpan('token.mint', { attributes, links, root: true }, active);
  }
}

function isAwaited(active: Context): boolean {
  const getting = active.getValue(GETTING) as { isOver: boolean } | undefined;
  return getting !== undefined && !getting.isOver;
}

function spanOf<Outcome extends string>(span: Span, around: Context): Required<Omit<ObservedWork<Outcome>, 'headers'>> {
  return {
    within: (work) => context.with(trace.setSpan(around, span), work),
    ended: (end) => endSpan(span, end),
  };
}

/** Errors are told by their code alone: a message may quote what a server said. */
function endSpan(span: Span, end: WorkEnd<string>): void {
  if ('outcome' in end) span.setAttribute(OUTCOME, end.outcome);
  else {
    span.setAttributes({ [OUTCOME]: 'failed', [ERROR_TYPE]: errorTypeOf(end.error) });
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

/** The code of the library, or what the semantic conventions call an error without a name, such as the reason of a signal. */
function errorTypeOf(error: unknown): string {
  return error instanceof TokenCacheError ? error.code : '_OTHER';
}
