import { epochMsOf } from '../core/contract/stated-number.js';

const MAX_SECONDS = 365 * 24 * 3600;

const HTTP_DATE = /^[A-Z][a-z]+, .+ GMT$/;
/** One line of the header, or several, which arrive as a list. RFC 9110 allows no fraction, but servers write one. */
const SECONDS = /^\d+(?:\.\d+)?(?:\s*,\s*\d+(?:\.\d+)?)*$/;

/** When a used up rate limit is whole again: Okta, Auth0 and GitHub, and the draft of the IETF. */
const RESETS = ['x-rate-limit-reset', 'x-ratelimit-reset', 'ratelimit-reset'];
/** A greater number of seconds is an instant: it would be more than 31 years. */
const LEAST_EPOCH_SECONDS = 1e9;

/**
 * For how long a response asks to be left alone, in ms: its `Retry-After` (RFC 9110 section 10.2.3), else the reset of a rate
 * limit that is used up. Undefined when that is missing, past, invalid or over a year.
 */
export function retryAfterMs({ status, headers }: Pick<Response, 'status' | 'headers'>): number | undefined {
  return waitMs(secondsOf(valueOf(headers, 'retry-after'), headers)) ?? resetMs(status, headers);
}

/** Headers of rate limits come with every answer: they count only in one that says that the limit is reached. */
function resetMs(status: number, headers: Headers): number | undefined {
  const isUsedUp = status === 429 || (status === 403 && valueOf(headers, 'x-ratelimit-remaining') === '0');
  if (!isUsedUp) return undefined;
  const resets = RESETS.map((name) => longestOf(valueOf(headers, name))).filter((seconds) => !Number.isNaN(seconds));
  return resets.map((seconds) => waitMs(fromNow(seconds, headers))).find((wait) => wait !== undefined);
}

function secondsOf(value: string, headers: Headers): number {
  return HTTP_DATE.test(value) ? (Date.parse(value) - nowOf(headers)) / 1000 : longestOf(value);
}

function longestOf(list: string): number {
  return SECONDS.test(list) ? Math.max(...list.split(',').map(Number)) : NaN;
}

function fromNow(seconds: number, headers: Headers): number {
  return seconds < LEAST_EPOCH_SECONDS ? seconds : (epochMsOf(seconds) - nowOf(headers)) / 1000;
}

function waitMs(seconds: number): number | undefined {
  return seconds > 0 && seconds <= MAX_SECONDS ? Math.ceil(seconds * 1000) : undefined;
}

/** Both instants are of the server's clock, since the clock here may be minutes off. */
function nowOf(headers: Headers): number {
  return Date.parse(headers.get('date') ?? '') || Date.now();
}

function valueOf(headers: Headers, name: string): string {
  return headers.get(name)?.trim() ?? '';
}
