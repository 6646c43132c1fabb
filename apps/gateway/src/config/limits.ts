import { z } from 'zod';

const count = z.int().positive('must be at least 1').max(100_000, 'must be at most 100000');

/** Limits of one worker, which bound its memory and its file descriptors. */
export const limits = z.strictObject({
  /** Connections of callers that are open at once; one more is answered with 503. */
  connections: count.default(4_000),
  /** Requests to `/proxy` in flight; one more is answered with 503 and `Retry-After`. */
  inFlight: count.default(2_000),
});

export type Limits = z.infer<typeof limits>;

export const DEFAULT_LIMITS: Limits = limits.parse({});

/** Connections to the upstream of one integration, per worker. */
export const upstreamConnections = count.default(256);
