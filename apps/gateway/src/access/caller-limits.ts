import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type CallerLimitsConfig } from '../config/limits.js';
import { type GatewayConfig } from '../config/load-config.js';
import { onceClosed } from '../proxy/once-closed.js';
import { type Problem } from '../proxy/problem.js';
import { remade } from '../remade.js';
import { limitedCaller } from './access-problems.js';
import { type Counting, RequestPace } from './request-pace.js';

/** When to try again after too many requests in flight: one of them may be over at any moment. */
const BUSY_RETRY_MS = 1_000;

/** The name under which all integrations together are limited. */
const ALL = '*';

/** The limits of one thing: of an integration, or of all together. */
interface Limit {
  readonly config: CallerLimitsConfig;
  readonly pace?: RequestPace;
  /** Requests of one caller in flight in this worker. */
  readonly concurrency: number;
  readonly inFlight: Map<string, number>;
}

/** Holds each caller to a number of requests in a second and in flight. Without `access` this machine is one caller. */
export class CallerLimits {
  /** By integration; that of all together has the name `*`, which no integration has. */
  private byName: ReadonlyMap<string, Limit> = new Map();
  private readonly current: () => ReadonlyMap<string, Limit>;

  /** @param config which becomes another one while the gateway serves */
  constructor(
    config: Pick<GatewayConfig, 'limits' | 'integrations'>,
    private readonly counting: Counting,
  ) {
    this.current = remade(
      () => config.integrations,
      () => (this.byName = this.made(config)),
    );
  }

  /** Counts a request; the problem if it is one too many. */
  check(
    caller = '',
    integration: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Problem | undefined | Promise<Problem | undefined> {
    const current = this.current();
    const limits = [current.get(ALL), current.get(integration)].filter((limit) => limit !== undefined);
    if (limits.length === 0) return undefined;
    if (limits.some(({ inFlight, concurrency }) => (inFlight.get(caller) ?? 0) >= concurrency))
      return limitedCaller(BUSY_RETRY_MS);
    for (const { inFlight } of limits) inFlight.set(caller, (inFlight.get(caller) ?? 0) + 1);
    onceClosed(request, response, () => limits.forEach(({ inFlight }) => leave(inFlight, caller)));
    const paces = limits.flatMap(({ pace }) => pace ?? []);
    return paces.length > 0 ? inPace(paces, caller) : undefined;
  }

  private made({ limits, integrations }: Pick<GatewayConfig, 'limits' | 'integrations'>): ReadonlyMap<string, Limit> {
    const configs = [[ALL, limits] as const, ...[...integrations].map(([name, { limits }]) => [name, limits] as const)];
    return new Map(
      configs.flatMap(([name, config]) => {
        const limit = limitOf(name, config, this.counting, this.byName.get(name));
        return limit ? [[name, limit]] : [];
      }),
    );
  }
}

/** What has not changed keeps what it has counted. */
function limitOf(
  name: string,
  { requestsPerSecond, concurrency }: CallerLimitsConfig = {},
  counting: Counting,
  former?: Limit,
): Limit | undefined {
  if (requestsPerSecond === undefined && concurrency === undefined) return undefined;
  const samePace = former?.config.requestsPerSecond === requestsPerSecond ? former?.pace : undefined;
  const newPace = () => requestsPerSecond && new RequestPace(name, requestsPerSecond, counting);
  return {
    config: { requestsPerSecond, concurrency },
    pace: samePace ?? (newPace() || undefined),
    concurrency: concurrency === undefined ? Infinity : Math.ceil(concurrency / counting.workers),
    inFlight: former?.inFlight ?? new Map<string, number>(),
  };
}

async function inPace(paces: readonly RequestPace[], caller: string): Promise<Problem | undefined> {
  const waits = await Promise.all(paces.map((pace) => pace.take(caller)));
  const longest = Math.max(...waits.map((waitMs) => waitMs ?? 0));
  return longest > 0 ? limitedCaller(longest) : undefined;
}

function leave(inFlight: Map<string, number>, caller: string): void {
  const left = (inFlight.get(caller) ?? 1) - 1;
  if (left > 0) inFlight.set(caller, left);
  else inFlight.delete(caller);
}
