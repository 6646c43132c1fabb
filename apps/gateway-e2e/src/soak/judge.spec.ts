import { Chance } from '@mintonce/test-support/chance';
import { mintBound } from '@mintonce/test-support/mint-bound';
import { CounterWatch } from './counter-watch.js';
import { CONNECTION_LOST, SOURCE_UNAVAILABLE } from './causes.js';
import { judgeFailures } from './excuses.js';
import { Expenses } from './expenses.js';
import { type FaultWindow } from './fault-window.js';
import { faultSchedule } from './fault-schedule.js';
import { chosen, faultsOf } from './faults/index.js';
import { type Findings } from './findings.js';
import { type MintTerms } from './mint-terms.js';
import { samplesOf } from '../metrics.js';
import { type Failure } from './request-log.js';
import { type Point, trendOf } from './trend.js';
import { judge } from './verdict.js';
import { Vitals } from './vitals.js';

const MINUTE_MS = 60_000;
const NO_TERMS: MintTerms = {
  failed: 0,
  superseded: 0,
  local: 0,
  replacements: 0,
  purges: 0,
  repeats: 0,
  kills: 0,
  historiesLost: 0,
};

const KILL: FaultWindow = {
  name: 'worker killed',
  excuses: [{ cause: CONNECTION_LOST }],
  healingMs: 1_000,
  startedAt: 10_000,
  endedAt: 10_001,
  recoveryMs: 900,
};

function failure(changes: Partial<Failure> = {}): Failure {
  return { kind: 'echo', cause: CONNECTION_LOST, startedAt: 9_990, endedAt: 10_020, ...changes };
}

/** Points of a run of 20 minutes, with a saw-tooth as garbage makes it. */
function memory(perHour: number): Point[] {
  return Array.from({ length: 600 }, (_, index) => {
    const at = index * 2_000;
    return { at, value: 50 + (index % 7) + (perHour * at) / 3_600_000 };
  });
}

/** A soak in which everything was as promised. */
function goodFindings(): Findings {
  const bound = mintBound(150, 152, NO_TERMS);
  return {
    store: 'redis',
    seed: 1,
    workers: 1,
    minutes: 20,
    requests: { echo: 1_000 },
    left: 3,
    failures: [failure()],
    faults: [KILL],
    provider: [],
    expenses: Object.assign(new Expenses(), { kills: 1 }),
    mints: {
      demo: { bound, counted: 150, kept: 150, given: 150 },
      other: { bound, counted: 149, kept: 149, given: 150 },
    },
    tokensSeen: 300,
    expiredSeen: 0,
    foreignTokens: [],
    counters: { scrapes: 600, series: 100, wentBack: [] },
    lives: [life({})],
    delay: { maxMs: 40, p99Ms: 12 },
    crashes: 0,
    keys: [{ name: 'mintonce:{b01}:k:t', ttlMs: 4_000 }],
    clients: { running: { mintonce: 1, 'token-events': 1 }, ended: {} },
    processesLeft: [],
    log: {},
  };
}

/** What `Vitals` reports of one worker that grows as told. */
function life({ slot = 0, openFilesPerMinute = 0, mebibytesPerMinute = 0 }) {
  const vitals = new Vitals();
  for (let at = 0; at <= 20 * MINUTE_MS; at += 2_000) {
    const minute = at / MINUTE_MS;
    vitals.see(
      samplesOf(
        [
          `process_start_time_seconds{worker="${slot}"} 1700000000`,
          `process_resident_memory_bytes{worker="${slot}"} ${(100 + mebibytesPerMinute * minute) * 2 ** 20}`,
          `nodejs_heap_size_used_bytes{worker="${slot}"} 50000000`,
          `process_open_fds{worker="${slot}"} ${20 + openFilesPerMinute * minute}`,
          `nodejs_active_handles_total{worker="${slot}"} 12`,
        ].join('\n'),
      ),
      at,
    );
  }
  return vitals.report()[0]!;
}

function failedChecks(changes: Partial<Findings>): string[] {
  const verdict = judge({ ...goodFindings(), ...changes });
  expect(verdict.passed).toBe(verdict.checks.every(({ passed }) => passed));
  return verdict.checks.filter(({ passed }) => !passed).map(({ name }) => name);
}

describe('The verdict of a soak', () => {
  it('passes what was as promised', () => expect(failedChecks({})).toEqual([]));

  it.each<[string, Partial<Findings>, string]>([
    ['a failure without a fault', { faults: [{ ...KILL, excuses: [] }] }, 'failures that no fault excuses'],
    ['no requests at all', { requests: {} }, 'failures that no fault excuses'],
    ['a leak of files', { lives: [life({ openFilesPerMinute: 1 })] }, 'openFiles, growth per hour ≤ 30 (worst)'],
    ['a leak of memory', { lives: [life({ mebibytesPerMinute: 2 })] }, 'rssMiB, growth per hour ≤ 60 (median)'],
    ['lives too short to tell', { lives: [] }, 'rssMiB, growth per hour ≤ 60 (median)'],
    ['a token past its life', { expiredSeen: 1 }, 'expired tokens seen by the upstream'],
    ["another key's token", { foreignTokens: ['abc'] }, 'tokens used for another integration'],
    [
      'a counter that went back',
      { counters: { scrapes: 9, series: 1, wentBack: [{ series: 'a_total', from: 2, to: 1 }] } },
      'counters that went back',
    ],
    ['counters that nobody read', { counters: { scrapes: 0, series: 0, wentBack: [] } }, 'counters that went back'],
    ['a worker that crashed', { crashes: 1 }, 'workers that ended by themselves'],
    ['a key for ever', { keys: [{ name: 'mintonce:x', ttlMs: -1 }] }, 'keys in Redis'],
    [
      'keys that pile up',
      { keys: Array.from({ length: 6 }, (_, index) => ({ name: `k${index}`, ttlMs: 1_000 })) },
      'keys in Redis',
    ],
    ['connections that pile up', { clients: { running: { 'token-events': 2 }, ended: {} } }, 'connections to Redis'],
    ['connections left', { clients: { running: {}, ended: { mintonce: 1 } } }, 'connections to Redis'],
    ['a process left', { processesLeft: [42] }, 'processes left'],
  ])('fails %s', (_, changes, name) => expect(failedChecks(changes)).toContain(name));

  it('does not take for a leak of memory what one of the workers alone keeps, but does so for files', () => {
    const others = [1, 2, 3].map((slot) => life({ slot }));
    const workers = 4;
    expect(failedChecks({ workers, lives: [life({ mebibytesPerMinute: 2 }), ...others] })).toEqual([]);
    expect(failedChecks({ workers, lives: [life({ openFilesPerMinute: 1 }), ...others] })).toEqual([
      'openFiles, growth per hour ≤ 30 (worst)',
    ]);
  });

  it('fails a fault that did not heal', () => {
    expect(failedChecks({ faults: [{ ...KILL, recoveryMs: undefined }] })).toEqual(['faults that did not heal']);
  });

  it('fails mints above the bound, and a metric that says another number than the provider', () => {
    const good = goodFindings().mints.demo;
    const above = { ...good, bound: { ...good.bound, holds: false } };
    expect(failedChecks({ mints: { demo: above, other: good } })).toEqual(['mints of demo']);
    const unsent = { ...good, counted: 153 };
    expect(failedChecks({ mints: { demo: unsent, other: good } })).toContain('mints of demo');
    for (const odd of [{ counted: 148 }, { counted: 151 }, { kept: 151 }]) {
      const mints = { demo: { ...good, ...odd }, other: good };
      expect(failedChecks({ mints })).toEqual(['mints of demo in /metrics']);
    }
  });

  it.each([
    ['a purge', (expenses: Expenses) => expenses.purges.demo++],
    ['a freeze', (expenses: Expenses) => expenses.freezes++],
    ['a refused connection', (expenses: Expenses) => expenses.refused++],
  ])('knows that %s may end a mint before it is sent', (_what, suffer) => {
    const { mints } = goodFindings();
    const expenses = new Expenses();
    suffer(expenses);
    expect(failedChecks({ mints: { ...mints, demo: { ...mints.demo, counted: 151 } }, expenses })).not.toContain(
      'mints of demo in /metrics',
    );
  });

  it('tells no slope in a short run, and does not fail it for that', () => {
    expect(failedChecks({ minutes: 1, lives: [] })).toEqual([]);
  });
});

describe('A failure', () => {
  const unexcused = (one: Failure) => judgeFailures([one], [KILL]).unexcused.length === 1;

  it('is excused by a fault that was there at the time and may cause it', () => {
    expect(judgeFailures([failure()], [KILL])).toEqual({
      excused: { [CONNECTION_LOST]: { 'worker killed': 1 } },
      unexcused: [],
    });
  });

  it.each([
    ['that ended before the fault', { startedAt: 9_000, endedAt: 9_999 }],
    ['that began after the fault had healed', { startedAt: 11_002, endedAt: 11_003 }],
    ['of another cause', { cause: SOURCE_UNAVAILABLE }],
  ])('%s is not', (_, changes) => expect(unexcused(failure(changes))).toBe(true));

  it('of a kind that the fault should not reach is not', () => {
    const revoked = { ...KILL, excuses: [{ cause: CONNECTION_LOST, kinds: ['streamed upload'] }] };
    expect(judgeFailures([failure()], [revoked]).unexcused).toHaveLength(1);
    expect(judgeFailures([failure({ kind: 'streamed upload' })], [revoked]).unexcused).toHaveLength(0);
  });
});

describe('Counters', () => {
  const scrapeOf = (...lines: string[]) => samplesOf(lines.join('\n'));
  const requests = (value: number) => ['# TYPE requests_total counter', `requests_total{code="200"} ${value}`];

  it('may rise and stand still', () => {
    const watch = new CounterWatch();
    for (const value of [1, 1, 2]) watch.see(scrapeOf(...requests(value)));
    expect(watch.wentBack).toEqual([]);
  });

  it('must not fall, nor vanish', () => {
    const watch = new CounterWatch();
    watch.see(scrapeOf(...requests(2), '# TYPE took_seconds histogram', 'took_seconds_bucket{le="1"} 4'));
    watch.see(scrapeOf(...requests(1)));
    expect(watch.wentBack).toEqual([
      { series: 'requests_total[["code","200"]]', from: 2, to: 1 },
      { series: 'took_seconds_bucket[["le","1"]]', from: 4 },
    ]);
  });

  it('are not gauges, which may', () => {
    const watch = new CounterWatch();
    for (const value of [2, 1]) watch.see(scrapeOf('# TYPE inflight gauge', `inflight ${value}`));
    expect(watch.wentBack).toEqual([]);
  });
});

describe('A trend', () => {
  it.each([0, 5, 100])('of %i MiB per hour is told through the garbage', (perHour) => {
    expect(Math.abs((trendOf(memory(perHour))?.perHour ?? NaN) - perHour)).toBeLessThan(2);
  });

  it('does not take the warm-up for a leak', () => {
    const warm = memory(0).map(({ at, value }) => ({ at, value: at < 2 * MINUTE_MS ? value - 30 : value }));
    expect(Math.abs(trendOf(warm)?.perHour ?? NaN)).toBeLessThan(2);
  });

  it('is not told of a life that was short', () => {
    expect(trendOf(memory(100).filter(({ at }) => at < 6 * MINUTE_MS))).toBeUndefined();
  });
});

describe('The faults', () => {
  const namesOf = (seed: number, store: 'redis' | 'sqlite', count: number) => {
    const schedule = faultSchedule(faultsOf(store), new Chance(seed), [5_000, 20_000]);
    return Array.from({ length: count }, () => {
      const { fault, afterMs } = schedule.next().value;
      return `${fault.name} after ${afterMs}`;
    });
  };

  it('come in an order that the seed decides', () => {
    expect(namesOf(7, 'redis', 60)).toEqual(namesOf(7, 'redis', 60));
    expect(namesOf(7, 'redis', 60)).not.toEqual(namesOf(8, 'redis', 60));
  });

  it('come once each before any comes again, 5 to 20 s apart', () => {
    const all = faultsOf('redis');
    const schedule = faultSchedule(all, new Chance(1), [5_000, 20_000]);
    const round = all.map(() => schedule.next().value);
    expect(new Set(round.map(({ fault }) => fault.name)).size).toBe(all.length);
    expect(round.every(({ afterMs }) => afterMs >= 5_000 && afterMs <= 20_000)).toBe(true);
  });

  it('are chosen by parts of their names, in any letters', () => {
    const namesOf = (...parts: string[]) => chosen(faultsOf('redis'), parts).map(({ name }) => name);
    expect(namesOf('flushall', 'pm2')).toEqual(['pm2 reload', 'FLUSHALL']);
    expect(namesOf()).toEqual(faultsOf('redis').map(({ name }) => name));
    expect(() => namesOf('FLUSHALL', 'flood')).toThrow(/No fault is named "flood"; there are:\n[^]*FLUSHALL/);
  });

  it('of Redis are none of SQLite', () => {
    expect(faultsOf('sqlite').filter(({ store }) => store === 'redis')).toEqual([]);
    expect(faultsOf('sqlite').length).toBeGreaterThan(10);
  });
});
