import { type Cluster, type Redis } from 'ioredis';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRes,
  RLWrapperTimeouts,
} from 'rate-limiter-flexible';

/** A request waits no longer for Redis; then the share of this worker counts. */
const REDIS_TIMEOUT_MS = 100;
const WINDOW_S = 1;

/** Where requests are counted. */
export interface Counting {
  /** Of the whole fleet. Without it each worker has its share. */
  readonly redis?: Redis | Cluster;
  readonly workers: number;
}

/** A number of requests in a second, for each of many callers. */
export class RequestPace {
  private readonly limiter: RateLimiterAbstract;

  /** @param name of what is limited; unique in the gateway, and the same in each worker */
  constructor(name: string, perSecond: number, { redis, workers }: Counting) {
    const keyPrefix = `mintonce:limit:${name}`;
    const own = new RateLimiterMemory({ keyPrefix, points: Math.ceil(perSecond / workers), duration: WINDOW_S });
    if (!redis) {
      this.limiter = own;
      return;
    }
    const shared = new RateLimiterRedis({
      storeClient: redis,
      keyPrefix,
      points: perSecond,
      duration: WINDOW_S,
      rejectIfRedisNotReady: true,
      // What is refused anyway costs no more calls in that second.
      inMemoryBlockOnConsumed: perSecond + 1,
    });
    this.limiter = new RLWrapperTimeouts({ limiter: shared, timeoutMs: REDIS_TIMEOUT_MS, insuranceLimiter: own });
  }

  /** Counts a request. Resolves to undefined if it is within the limit, else to the ms after which to try again. */
  async take(caller: string): Promise<number | undefined> {
    try {
      await this.limiter.consume(caller);
      return undefined;
    } catch (refused) {
      if (refused instanceof RateLimiterRes) return Math.max(1, refused.msBeforeNext);
      throw refused;
    }
  }
}
