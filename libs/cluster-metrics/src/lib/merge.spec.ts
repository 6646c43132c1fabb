import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { collect, decode, encode, type Family, isCumulative } from './family.js';
import { incarnation } from './incarnation.js';
import { type Contribution, merge, render } from './merge.js';
import { sumFamilies } from './sum.js';

type Define = (registers: Registry[]) => void;

/** The metrics of a process that has just done what `define` says, as they arrive from its socket. */
async function metricsOf(define: Define): Promise<Family[]> {
  const registry = new Registry();
  define([registry]);
  return decode(encode(await collect(registry, () => true)));
}

async function running(slot: number, startedAt: number, define: Define): Promise<Contribution> {
  return { worker: incarnation(slot, startedAt, 4711), families: await metricsOf(define), live: true };
}

async function silent(slot: number, startedAt: number, define: Define): Promise<Contribution> {
  const saved = (await metricsOf(define)).filter(isCumulative);
  return { worker: incarnation(slot, startedAt, 4711), families: saved, live: false };
}

async function scrape(contributions: Promise<Contribution>[], retired: Family[] = []): Promise<string[]> {
  const text = await render(await merge(await Promise.all(contributions), retired));
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

const requests =
  (count: number, labels: Record<string, string | number> = {}): Define =>
  (registers) =>
    new Counter({ name: 'requests', help: 'h', labelNames: Object.keys(labels), registers }).inc(labels, count);

/** The metrics of this process itself, which no socket has passed on. */
async function own(slot: number, startedAt: number, define: Define): Promise<Contribution> {
  const registry = new Registry();
  define([registry]);
  return { worker: incarnation(slot, startedAt, 4711), families: await collect(registry, () => true), live: true };
}

const connections =
  (count: number, options: object = {}): Define =>
  (registers) =>
    new Gauge({ name: 'connections', help: 'h', registers, ...options }).set(count);

const seconds =
  (buckets: number[], ...observed: number[]): Define =>
  (registers) => {
    const histogram = new Histogram({ name: 'seconds', help: 'h', buckets, registers });
    observed.forEach((value) => histogram.observe(value));
  };

describe('merge', () => {
  it('adds up the counters of live, silent and retired workers', async () => {
    const retired = sumFamilies([await metricsOf(requests(100))]);
    const workers = [running(0, 1, requests(1)), running(1, 1, requests(20)), silent(2, 1, requests(300))];
    expect(await scrape(workers, retired)).toEqual(['requests 421']);
  });

  it('counts both incarnations of a slot during a reload', async () => {
    expect(await scrape([running(0, 1, requests(5)), running(0, 2, requests(1))])).toEqual(['requests 6']);
  });

  it.each<[value: number | undefined, series: string]>([
    [undefined, 'requests 21'],
    [NaN, 'requests{tenant="NaN"} 21'],
    [Infinity, 'requests{tenant="Infinity"} 21'],
  ])('adds up what this process and others counted under a label whose value is %s', async (tenant, series) => {
    const labelled = (count: number): Define => requests(count, { tenant } as { tenant: number });
    expect(await scrape([own(0, 1, labelled(1)), running(1, 1, labelled(20))])).toEqual([series]);
  });

  it('adds up each series by its labels, in any order and with numbers or text as values', async () => {
    const workers = [
      running(0, 2, requests(1, { code: 200, route: 'a' })),
      running(1, 1, requests(2, { route: 'a', code: '200' })),
      running(2, 1, requests(4, { route: 'b', code: 200 })),
    ];
    expect(await scrape(workers)).toEqual(['requests{code="200",route="a"} 3', 'requests{route="b",code="200"} 4']);
  });

  it('keeps a series that only a worker that ended had', async () => {
    const retired = sumFamilies([await metricsOf(requests(7, { route: 'old' }))]);
    expect(await scrape([running(0, 1, requests(1, { route: 'new' }))], retired)).toEqual([
      'requests{route="new"} 1',
      'requests{route="old"} 7',
    ]);
  });

  it('adds up histograms bucket by bucket', async () => {
    const workers = [running(0, 1, seconds([0.1, 1], 0.05, 0.5)), silent(1, 1, seconds([0.1, 1], 0.5, 5))];
    expect(await scrape(workers)).toEqual([
      'seconds_bucket{le="0.1"} 1',
      'seconds_bucket{le="1"} 3',
      'seconds_bucket{le="+Inf"} 4',
      'seconds_sum 6.05',
      'seconds_count 4',
    ]);
  });

  it('keeps buckets cumulative when a release changes the bounds', async () => {
    const retired = sumFamilies([await metricsOf(seconds([0.1], 0.05, 5))]);
    const workers = [running(0, 2, seconds([0.5, 1], 0.3)), running(1, 1, seconds([0.1, 1], 0.7))];
    expect(await scrape(workers, retired)).toEqual([
      'seconds_bucket{le="0.1"} 1',
      'seconds_bucket{le="0.5"} 2',
      'seconds_bucket{le="1"} 3',
      'seconds_bucket{le="+Inf"} 4',
      'seconds_sum 6.05',
      'seconds_count 4',
    ]);
  });

  it('adds up the sum and count of summaries, and labels their quantiles with the worker', async () => {
    const lag =
      (value: number): Define =>
      (registers) =>
        new Summary({ name: 'lag', help: 'h', percentiles: [0.5], registers }).observe(value);
    expect(await scrape([running(0, 1, lag(2)), running(1, 1, lag(4)), silent(2, 1, lag(10))])).toEqual([
      'lag{worker="0",quantile="0.5"} 2',
      'lag{worker="1",quantile="0.5"} 4',
      'lag_sum 16',
      'lag_count 3',
    ]);
  });

  it('labels gauges with the worker', async () => {
    expect(await scrape([running(1, 1, connections(5)), running(0, 2, connections(3))])).toEqual([
      'connections{worker="0"} 3',
      'connections{worker="1"} 5',
    ]);
  });

  it('labels gauges that cannot be aggregated, such as the start time of a process', async () => {
    expect(await scrape([running(0, 1, connections(5, { aggregator: 'omit' }))])).toEqual([
      'connections{worker="0"} 5',
    ]);
  });

  it.each([
    ['min', 2],
    ['max', 6],
    ['average', 4],
    ['first', 6],
  ])('aggregates gauges that ask for "%s"', async (aggregator, expected) => {
    const workers = [running(1, 2, connections(2, { aggregator })), running(0, 1, connections(6, { aggregator }))];
    expect(await scrape(workers)).toEqual([`connections ${expected}`]);
  });

  it('keeps a worker label that the application set', async () => {
    const jobs: Define = (registers) =>
      new Gauge({ name: 'jobs', help: 'h', labelNames: ['worker'], registers }).set({ worker: 'mailer' }, 2);
    expect(await scrape([running(0, 1, jobs), running(1, 1, jobs)])).toEqual(['jobs{worker="mailer"} 4']);
  });

  it('leaves out the gauges of workers that do not answer', async () => {
    expect(await scrape([running(0, 1, connections(5)), silent(1, 1, connections(3))])).toEqual([
      'connections{worker="0"} 5',
    ]);
  });

  it('reports the gauges of the newest incarnation of a slot only', async () => {
    expect(await scrape([running(0, 1, connections(5)), running(0, 2, connections(3))])).toEqual([
      'connections{worker="0"} 3',
    ]);
  });

  it('uses the newest type only when a release changes the type of a metric', async () => {
    const gauge: Define = (registers) => new Gauge({ name: 'requests', help: 'h', registers }).set(1);
    expect(await scrape([running(0, 2, gauge), running(1, 1, requests(8))])).toEqual(['requests{worker="0"} 1']);
  });

  it('keeps NaN and the infinities through encode and decode', async () => {
    expect(await scrape([running(0, 1, connections(NaN)), running(1, 1, connections(-Infinity))])).toEqual([
      'connections{worker="0"} Nan',
      'connections{worker="1"} -Inf',
    ]);
  });

  it('does not change its arguments', async () => {
    const workers = await Promise.all([running(0, 1, connections(5)), running(1, 1, seconds([1], 2))]);
    const before = structuredClone(workers);
    await merge(workers, []);
    expect(workers).toEqual(before);
  });
});

describe('collect', () => {
  it('returns a copy, not the objects in which prom-client goes on counting', async () => {
    const registry = new Registry();
    const counter = new Counter({ name: 'requests', help: 'h', registers: [registry] });
    const [before] = await collect(registry, () => true);
    counter.inc();
    expect(before?.values[0]?.value).toBe(0);
  });

  it('calls collect() of the wanted metrics only', async () => {
    const registry = new Registry();
    const measure = jest.fn();
    new Gauge({ name: 'connections', help: 'h', registers: [registry], collect: measure });
    await collect(registry, isCumulative);
    expect(measure).not.toHaveBeenCalled();
  });

  it('includes the default labels of the registry', async () => {
    const registry = new Registry();
    registry.setDefaultLabels({ region: 'eu' });
    new Counter({ name: 'requests', help: 'h', registers: [registry] });
    expect((await collect(registry, isCumulative))[0]?.values[0]?.labels).toEqual({ region: 'eu' });
  });
});
