import { LONGEST_TIMER_MS } from '@mintonce/token-cache';
import { z } from 'zod';
import { access } from './access.schema.js';
import { encryption } from './encryption.js';
import { callerLimits, limits, upstreamConnections } from './limits.js';
import { hostName, listen, operations } from './listen.schema.js';
import { log } from './log.schema.js';
import { integrationPolicy, policy } from './policy.schema.js';
import { redis } from './redis/redis.schema.js';
import { tls } from './tls.schema.js';
import { token } from './token.schema.js';

const delayMs = z.int().max(LONGEST_TIMER_MS, `must be at most ${LONGEST_TIMER_MS}`);
const ms = delayMs.nonnegative('must be at least 0');
const positiveMs = delayMs.positive('must be at least 1');
/** Bodies are kept in memory, for as many requests as are in flight. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;
const text = z.string().min(1, 'must not be empty');

const upstream = text.superRefine((value, context) => {
  const problem = upstreamProblem(value);
  if (problem) context.addIssue({ code: 'custom', message: problem });
});

function upstreamProblem(value: string): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !['https:', 'http:'].includes(url.protocol)) return 'must be an https URL';
  if (url.username || url.password) return 'must not hold credentials';
  if (/[?#]/.test(value)) return 'must not hold a query or a fragment';
  if (/[%;\\]|\/\//.test(url.pathname)) return 'must have a plain path: no escapes, no ";", no "//"';
  return undefined;
}

const timeouts = z.strictObject({
  /** From the start of a connection to the end of its TLS handshake, in ms. */
  connectMs: positiveMs.default(5_000),
  /** From the request's last byte to the header of the final response, in ms. */
  headersMs: positiveMs.default(60_000),
  /** Longest silence within a request or response body, in ms; 0 for none. A `text/event-stream` has no limit. */
  bodyMs: ms.default(300_000),
});

const integration = z.strictObject({
  /** Base URL of every request; the gateway requests nothing outside its path. */
  upstream,
  /** Allows an upstream beyond this machine without TLS. */
  allowPlainHttp: z.boolean().default(false),
  token,
  /** The TLS connections to the upstream. */
  tls: tls.optional(),
  /** The header that the upstream wants the token in, or `file:` and the path of a file that holds it. @defaultValue `Authorization: {type} {token}` */
  credential: text.optional(),
  /** Whether its token is there before the gateway listens. @defaultValue false */
  warmUp: z.boolean().optional(),
  policy: integrationPolicy.optional(),
  /** Connections to the upstream that one worker opens; a request that gets none in time is answered with 503. */
  maxConnections: upstreamConnections,
  /** How long an idle connection is kept, in ms, if the upstream says nothing of it; 0 for no idle connections at all. */
  keepAliveMs: ms.default(4_000),
  /** How long one is kept at most, in ms, whatever the upstream says with `Keep-Alive: timeout=`. */
  keepAliveMaxMs: positiveMs.default(600_000),
  /** Of each caller, for this integration. */
  limits: callerLimits.optional(),
  timeouts: timeouts.default(() => timeouts.parse({})),
  /** A request body up to this length is kept, so that it can be sent again with a new token after a 401. */
  retryBodyLimitBytes: z
    .int()
    .nonnegative()
    .max(MAX_KEPT_BYTES, `must be at most ${MAX_KEPT_BYTES}: what is kept is in memory`)
    .default(64 * 1024),
  /** A longer request body is answered with 413. @defaultValue no limit */
  bodyLimitBytes: z.int().positive().optional(),
  /** Whether `Cookie` is forwarded to the upstream and `Set-Cookie` to the caller. */
  forwardCookies: z.boolean().default(false),
  /** Name of the header that forwards the caller's own `Authorization`. @defaultValue not forwarded */
  forwardAuthorizationAs: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header')
    .optional(),
});

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]*$/, 'is not a name: use a-z, 0-9, "_" and "-", beginning with a letter or a digit');

/** Schema of the YAML file. */
export const configSchema = z.strictObject({
  integrations: z
    .record(name, integration)
    .refine((integrations) => Object.keys(integrations).length > 0, 'must name at least one integration'),
  /** @defaultValue `redis` when `REDIS_URL` or the section `redis` is there, else `sqlite` */
  store: z.enum(['redis', 'sqlite', 'memory']).optional(),
  /** The Redis in which the fleet shares its tokens; `REDIS_URL` takes the place of the whole section. */
  redis: redis.optional(),
  /** How tokens are sealed in the store. @defaultValue they lie there as they are */
  encryption: encryption.optional(),
  sqlite: z.strictObject({ path: text }).optional(),
  policy: policy.optional(),
  /** The same as `listen.hosts`. */
  allowedHosts: z.array(hostName).default([]),
  listen: listen.optional(),
  operations: operations.optional(),
  /** Who may call; needed to listen beyond loopback. */
  access: access.optional(),
  /** How long a shutdown waits for requests in flight, in ms. The other 6 s before PM2's SIGKILL are for mints and closing. */
  drainTimeoutMs: ms
    .max(14_000, 'must be at most 14000: PM2 kills a worker 20 s after its stop signal')
    .default(10_000),
  limits: limits.optional(),
  log: log.optional(),
});

export type ConfigFile = z.infer<typeof configSchema>;
export type IntegrationConfig = ConfigFile['integrations'][string];
export type TokenConfig = IntegrationConfig['token'];
