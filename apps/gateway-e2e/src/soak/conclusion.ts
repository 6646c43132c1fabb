import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, waitFor } from '@mintonce/test-support';
import { lifetimesBegunBy, mintBound } from '@mintonce/test-support/mint-bound';
import { type Sample, scrape, total } from '../metrics.js';
import { type FaultDriver } from './fault-driver.js';
import { STANDSTILLS } from './faults/worker-faults.js';
import { type Findings } from './findings.js';
import { type IdpWitness } from './idp-witness.js';
import { clientsOf, keysOf } from './leftovers.js';
import { digestOf } from './log-digest.js';
import { type MintTerms } from './mint-terms.js';
import { INTEGRATION_NAMES, type IntegrationName, LEAST_SERVICE_MS, MINT_TIMEOUT_MS } from './policy.js';
import { type RequestLog } from './request-log.js';
import { type RunningRig } from './rig.js';
import { type Watch } from './watch.js';

interface Seen {
  readonly requests: RequestLog;
  readonly watch: Watch;
  readonly driver: FaultDriver;
}

/** Lets the gateway come to rest, counts, ends it, and looks what is left. */
export async function conclude(
  run: Pick<Findings, 'store' | 'minutes' | 'seed' | 'workers'>,
  rig: RunningRig,
  { requests, watch, driver }: Seen,
): Promise<Findings> {
  const { fleet, expenses } = rig;
  await rest(watch.witness);
  const samples = await scrape(fleet.url);
  watch.counters.see(samples);
  const { expiredSeen } = await fleet.upstream.stats();
  const processes = await fleet.pm2.list();
  const restarts = processes.reduce((sum, { pm2_env }) => sum + pm2_env.restart_time, 0);
  const log = digestOf(await fleet.pm2.logs());
  const redis = await storeLeftovers(rig);
  const ended = [...driver.pids, fleet.demo.pid, ...(fleet.redis ? [fleet.redis.pid] : [])];
  await rig.stop();
  return {
    ...run,
    requests: requests.counts,
    left: requests.left,
    failures: requests.failures,
    faults: driver.windows,
    provider: [...watch.witness.lifelessAnswers(), ...watch.witness.revokedPairs(driver.windows)],
    expenses,
    mints: mintsOf(samples, watch.witness, rig),
    tokensSeen: requests.tokens,
    expiredSeen,
    foreignTokens: requests.foreignTokens,
    counters: { scrapes: watch.counters.scrapes, series: watch.counters.series, wentBack: watch.counters.wentBack },
    lives: watch.vitals.report(),
    delay: watch.delays.outside(driver.windows.filter(({ name }) => STANDSTILLS.includes(name))),
    crashes: restarts - expenses.kills - expenses.reloads * run.workers,
    ...redis,
    processesLeft: ended.filter(isAlive),
    log,
  };
}

/** No mint outlives its time, and without callers none begins. */
async function rest(witness: IdpWitness): Promise<void> {
  const isResting = async (): Promise<boolean> => {
    await witness.look();
    return Date.now() - witness.lastStartedAt > MINT_TIMEOUT_MS + 1_000;
  };
  await waitFor(isResting, { intervalMs: 500, description: 'the last mint to end' });
}

async function storeLeftovers({ fleet, redis }: RunningRig): Promise<Pick<Findings, 'keys' | 'clients'>> {
  if (!fleet.redis) {
    await fleet.pm2.stop();
    return { keys: [], clients: { running: {}, ended: {} } };
  }
  const keys = await redis(keysOf);
  const running = await redis(clientsOf);
  await fleet.pm2.stop();
  // The proxy passes on the end of the connections, which takes a moment.
  await sleep(500);
  return { keys, clients: { running, ended: await redis(clientsOf) } };
}

function mintsOf(samples: readonly Sample[], witness: IdpWitness, { expenses }: RunningRig): Findings['mints'] {
  const of = (integration: IntegrationName): Findings['mints'][IntegrationName] => {
    const mints = (outcome: string) => total(samples, 'token_mint_count', { integration, outcome });
    const startsAt = witness.startsOf(integration);
    const rejections = (outcome: string) => total(samples, 'token_rejections_total', { integration, outcome });
    const terms: MintTerms = {
      failed: mints('failed'),
      superseded: mints('superseded'),
      local: mints('local'),
      replacements: rejections('replaced') + rejections('contested'),
      repeats: witness.repeatsFor(integration),
      purges: expenses.purges[integration],
      kills: expenses.kills,
      historiesLost: expenses.historiesLost,
    };
    return {
      bound: mintBound(startsAt.length, lifetimesBegunBy(witness.birthsOf(integration), LEAST_SERVICE_MS), terms),
      counted: total(samples, 'token_mint_count', { integration }),
      kept: mints('stored') + mints('local'),
      given: witness.givenTo(integration),
    };
  };
  return Object.fromEntries(INTEGRATION_NAMES.map((name) => [name, of(name)])) as Findings['mints'];
}
