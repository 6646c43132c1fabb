import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher, request } from 'undici';
import { Unexpected, causeOf } from './causes.js';
import { INTEGRATION_NAMES } from './policy.js';
import { type Chance } from '@mintonce/test-support/chance';
import { type RequestLog } from './request-log.js';
import { type Context, LEFT, VISITS, type Visit, dawdle } from './visits.js';

const TIMEOUTS = { headersTimeout: 20_000, bodyTimeout: 20_000 };

/** What operators and their tools ask. */
const PROBES = ['/health', '/health/ready', '/health/live', '/api/integrations', '/metrics'] as const;

/** Uses the gateway from several clients until it is told to stop; resolves when every request has ended. */
export async function callers(url: string, log: RequestLog, chance: Chance, stop: AbortSignal): Promise<void> {
  // One connection for each request, so that PM2 spreads them over the workers; and as most callers do.
  const unpooled = new Agent({ ...TIMEOUTS, pipelining: 0 });
  const pooled = new Agent(TIMEOUTS);
  const loops = [unpooled, unpooled, unpooled, pooled].map((dispatcher) =>
    repeat(stop, chance.fork(), 60, (own) => visit(...own.pick(VISITS), { url, dispatcher, log, chance: own })),
  );
  const slow = repeat(stop, chance.fork(), 200, (own) =>
    visit('slow upload', dawdle, { url, dispatcher: unpooled, log, chance: own }),
  );
  const operator = repeat(stop, chance.fork(), 400, (own) => probe(url, own.pick(PROBES), unpooled, log));
  await Promise.all([...loops, slow, operator]);
  await Promise.all([unpooled.close(), pooled.close()]);
}

async function repeat(stop: AbortSignal, chance: Chance, pauseMs: number, once: (chance: Chance) => Promise<void>) {
  while (!stop.aborted) {
    await once(chance);
    await sleep(chance.whole(0, 2 * pauseMs));
  }
}

async function visit(kind: string, run: Visit, context: Omit<Context, 'integration'>): Promise<void> {
  const integration = context.chance.pick(INTEGRATION_NAMES);
  await recorded(kind, context.log, () => run({ ...context, integration }));
}

async function probe(url: string, path: string, dispatcher: Dispatcher, log: RequestLog): Promise<void> {
  await recorded(`GET ${path}`, log, async () => {
    const answer = await request(url + path, { dispatcher });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Unexpected(answer.statusCode, text);
  });
}

async function recorded(kind: string, log: RequestLog, run: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  try {
    await run();
  } catch (error) {
    if (error === LEFT) log.left++;
    else log.failed({ kind, cause: causeOf(error), startedAt, endedAt: performance.now() });
  } finally {
    log.ended(kind);
  }
}
