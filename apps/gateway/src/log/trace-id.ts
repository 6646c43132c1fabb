import { type IncomingMessage } from 'node:http';

/** W3C Trace Context, section 3.2.2; a later version may have more behind the flags. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:$|-)/;

/**
 * The id of the trace that a request belongs to; undefined without a valid `traceparent`. The gateway begins no trace: it records no
 * spans, and the flag of a trace that it began would decide for the upstream whether to record.
 */
export function traceIdOf({ headers: { traceparent } }: Pick<IncomingMessage, 'headers'>): string | undefined {
  return typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
}
