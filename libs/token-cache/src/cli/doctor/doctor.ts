import { setTimeout as sleep } from 'node:timers/promises';
import { checkFleet } from './check-fleet.js';
import { checkProvider } from './check-provider.js';
import { checkRedis } from './check-redis.js';
import { failed, type Finding, reasonOf } from './finding.js';
import { scrape } from './scrape.js';

/** What is to be looked at. */
export interface Patient {
  /** Addresses of metrics: one of a whole PM2 application, or one of each process. */
  readonly metrics: readonly string[];
  /** Time between the two looks at them. */
  readonly forMs: number;
  /** Sent to the addresses of the metrics. */
  readonly headers: Record<string, string>;
  readonly redis?: string;
  readonly namespace: string;
  readonly issuers: readonly string[];
}

/** Everything that was asked for, looked at once. It changes nothing but a key of its own in Redis, which it deletes. */
export async function examine({ metrics, forMs, headers, redis, namespace, issuers }: Patient): Promise<Finding[]> {
  const findings = await Promise.all([
    metrics.length > 0 ? examineFleet(metrics, forMs, headers) : [],
    redis === undefined ? [] : checkRedis(redis, namespace),
    ...issuers.map((issuer) => checkProvider(issuer)),
  ]);
  return findings.flat();
}

async function examineFleet(
  addresses: readonly string[],
  forMs: number,
  headers: Record<string, string>,
): Promise<Finding[]> {
  try {
    const before = await scrape(addresses, headers);
    await sleep(forMs);
    return checkFleet(before, await scrape(addresses, headers));
  } catch (error) {
    return [
      failed(
        'metrics',
        `They cannot be read: ${reasonOf(error)}`,
        'Check the address, and the key in MINTONCE_KEY where the door asks for one.',
      ),
    ];
  }
}
