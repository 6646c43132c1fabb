const MAX_SECONDS = 365 * 24 * 3600;

const HTTP_DATE = /^[A-Z][a-z]+, .+ GMT$/;

/** `Retry-After` of a response (RFC 9110 section 10.2.3) in ms; undefined when it is missing, past, invalid or over a year. */
export function retryAfterMs(headers: Headers): number | undefined {
  const seconds = secondsOf(headers.get('retry-after')?.trim() ?? '', headers);
  return seconds > 0 && seconds <= MAX_SECONDS ? seconds * 1000 : undefined;
}

function secondsOf(value: string, headers: Headers): number {
  if (/^\d+$/.test(value)) return Number(value);
  if (!HTTP_DATE.test(value)) return NaN;
  // Both instants are of the server's clock, since the clock here may be minutes off.
  const sentAt = Date.parse(headers.get('date') ?? '') || Date.now();
  return (Date.parse(value) - sentAt) / 1000;
}
