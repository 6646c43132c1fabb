import { epochMsOf, statedNumber } from '../core/contract/stated-number.js';
import { type AnswerFields } from './answer-body.js';

/** Names for the end of a token's life: Entra ID, Supabase, ASP.NET, Go and Google. */
const END_FIELDS = [
  'expires_on',
  'expires_at',
  'expiresAt',
  'expiresOn',
  'expiry',
  'expiry_date',
  'expireTime',
  'expires',
  '.expires',
];

/** The seconds before 2001 and the milliseconds after 5138 are no instant that a token ends at. */
const LEAST_SECONDS = 1e9;
const MOST_MS = 1e14;
/** A number of seconds that is an instant of this year, too, is that: as a life it would be more than 50 years. */
const NEAR_MS = 365 * 24 * 3_600_000;
/** A date that says its zone; one without means another instant on each machine. */
const ZONED = /(?:Z|GMT|UTC|[+-]\d{2}:?\d{2})$/i;

/**
 * The life that an answer states, in ms: `expires_in` (RFC 6749 section 5.1) as a number or as text. 0 and less mean that it is
 * over; undefined that the answer says nothing that can be read.
 */
export function expiresInMsOf(fields: AnswerFields): number | undefined {
  // `expires_in` of an answer that has both is in milliseconds.
  const seconds =
    statedNumber(fields['expires_in_sec']) ?? statedNumber(fields['expires_in']) ?? statedNumber(fields['expiresIn']);
  const lifeMs = seconds === undefined ? NaN : Math.floor(seconds * 1_000);
  return Number.isSafeInteger(lifeMs) ? lifeMs : undefined;
}

/**
 * The end of the life that an answer states, in epoch ms of the server's clock: epoch seconds, epoch ms, or a date. Some servers
 * give it as their `expires_in`.
 *
 * @param now the time of the answer, in epoch ms
 */
export function expiresAtOf(fields: AnswerFields, now: number): number | undefined {
  const stated = END_FIELDS.map((name) => instantOf(fields[name])).find((instant) => instant !== undefined);
  const misnamed = instantOf(fields['expires_in']);
  const isNear = misnamed !== undefined && Math.abs(misnamed - now) <= NEAR_MS;
  return stated ?? (isNear ? misnamed : undefined);
}

function instantOf(value: unknown): number | undefined {
  const number = statedNumber(value);
  if (number !== undefined) return plausible(number);
  if (typeof value !== 'string' || !ZONED.test(value.trim())) return undefined;
  const instant = Date.parse(value);
  return Number.isNaN(instant) ? undefined : instant;
}

/** 0 and less stand for no instant, and are passed on as they are: what they mean is for the caller to say. */
function plausible(number: number): number | undefined {
  if (number <= 0) return Math.floor(number);
  return number >= LEAST_SECONDS && number < MOST_MS ? Math.floor(epochMsOf(number)) : undefined;
}
