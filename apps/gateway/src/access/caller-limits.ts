import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type CallerLimitsConfig } from '../config/limits.js';
import { type GatewayConfig } from '../config/load-config.js';
import { onceClosed } from '../proxy/once-closed.js';
import { type Problem } from '../proxy/problem.js';
import { limitedCaller } from './access-problems.js';
import { type Counting, RequestPace } from './request-pace.js';

/** When to try again after too many requests in flight: one of them may be over at any moment. */
const BUSY_RETRY_MS = 1_000;

/** The limits of one thing: of an integration, or of all together. */
interface Limit {
  readonly pace?: RequestPace;
  /** Requests of one caller in flight in this worker. */
  readonly concurrency: number;
  readonly inFlight: Map<string, number>;
}

/** Holds each caller to a number of requests in a second and in flight. Without `access` this machine is one caller. */
export class CallerLimits {
  private readonly ofAll?: Limit;
  private readonly byIntegration: ReadonlyMap<string, Limit>;

  constructor({ limits, integrations }: Pick<GatewayConfig, 'limits' | 'integrations'>, counting: Counting) {
    this.ofAll = limitOf('*', limits, counting);
    this.byIntegration = new Map(
      [...integrations].flatMap(([name, integration]) => {
        const limit = limitOf(name, integration.limits, counting);
        return limit ? [[name, limit]] : [];
      }),
    );
  }

  /** Counts a request; the problem if it is one too many. */
  check(
    caller = '',
    integration: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Problem | undefined | Promise<Problem | undefined> {
    const limits = [this.ofAll, this.byIntegration.get(integration)].filter((limit) => limit !== undefined);
    if (limits.length === 0) return undefined;
    if (limits.some(({ inFlight, concurrency }) => (inFlight.get(caller) ?? 0) >= concurrency))
      return limitedCaller(BUSY_RETRY_MS);
    for (const { inFlight } of limits) inFlight.set(caller, (inFlight.get(caller) ?? 0) + 1);
    onceClosed(request, response, () => limits.forEach(({ inFlight }) => leave(inFlight, caller)));
    const paces = limits.flatMap(({ pace }) => pace ?? []);
    return paces.length > 0 ? inPace(paces, caller) : undefined;
  }
}

function limitOf(name: string, config: CallerLimitsConfig | undefined, counting: Counting): Limit | undefined {
  const { requestsPerSecond, concurrency } = config ?? {};
  if (requestsPerSecond === undefined && concurrency === undefined) return undefined;
  return {
    pace: requestsPerSecond === undefined ? undefined : new RequestPace(name, requestsPerSecond, counting),
    concurrency: concurrency === undefined ? Infinity : Math.ceil(concurrency / counting.workers),
    inFlight: new Map(),
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
