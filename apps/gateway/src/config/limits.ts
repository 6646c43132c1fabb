import { z } from 'zod';

const count = z.int().positive('must be at least 1').max(100_000, 'must be at most 100000');

const callerFields = {
  /** Requests of one caller in a second; one more is answered with 429 and `Retry-After`. @defaultValue no limit */
  requestsPerSecond: count.optional(),
  /** Requests of one caller in flight; one more is answered with 429 and `Retry-After`. @defaultValue no limit */
  concurrency: count.optional(),
};

/** Limits of what one caller may ask of one integration. */
export const callerLimits = z.strictObject(callerFields);

export type CallerLimitsConfig = z.infer<typeof callerLimits>;

/** Limits of one worker, which bound its memory and its file descriptors. */
export const limits = z.strictObject({
  /** Connections of callers that are open at once; one more is answered with 503. */
  connections: count.default(4_000),
  /** Requests to `/proxy` in flight; one more is answered with 503 and `Retry-After`. */
  inFlight: count.default(2_000),
  /** Of one caller, over all integrations. */
  ...callerFields,
});

export type Limits = z.infer<typeof limits>;

export const DEFAULT_LIMITS: Limits = limits.parse({});

/** Connections to the upstream of one integration, per worker. */
export const upstreamConnections = count.default(256);
