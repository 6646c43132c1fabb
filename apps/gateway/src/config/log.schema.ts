import { z } from 'zod';

/** Which requests have a line in the log, and what is in it. */
export const log = z.strictObject({
  /** Share of the requests that succeed and have a line, from 0 to 1. A request that fails always has one. */
  sampleSuccesses: z.number().min(0, 'must be at least 0').max(1, 'must be at most 1').default(1),
  /** A request that takes longer always has a line, in ms. @defaultValue no request has one for this reason */
  slowMs: z.number().positive('must be above 0').optional(),
  /** Whether a line holds the path of a request, which never holds its query. */
  paths: z.boolean().default(true),
});

export type LogConfig = z.infer<typeof log>;

export const DEFAULT_LOG: LogConfig = log.parse({});
