import { type Curves } from '../harness/curves.js';
import { digits } from '../harness/finding.js';
import { type Table } from '../harness/table.js';
import { type Costs } from './costs.js';
import { interested } from './formulas.js';
import {
  calmLoad,
  connectionsPerServer,
  eventMs,
  firstRefreshLoad,
  mostEventsPerS,
  mostLookUpsPerS,
  reconnectionS,
  serverBytes,
  withoutEvents,
} from './load.js';
import { REPLY_BYTES } from './redis-costs.js';
import { CLUSTER, holders, PLANNED, type Shape } from './shape.js';

const MB = 1e6;
/** What a Redis takes that nobody configured. */
const DEFAULT_MAX_CLIENTS = 10_000;
const IN_HAND = [100, 1_000, 10_000];
const PROCESSES = [10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000];
const BUCKETS = [1, 64, 1_024, 16_384];

type LineOf = (shape: Shape, costs: Costs) => string;

const LINES: readonly (readonly [name: string, of: LineOf])[] = [
  ['processes that have a key in hand', (shape) => digits(holders(shape))],
  ['mints a second, calm', (shape, costs) => digits(calmLoad(shape, costs).mintsPerS)],
  [
    'mints a second, first refresh after all started at once',
    (shape, costs) => digits(firstRefreshLoad(shape, costs).mintsPerS),
  ],
  ['scripts a second, calm, at most', (shape, costs) => digits(calmLoad(shape, costs).scriptsPerS)],
  ['Redis busy, calm', (shape, costs) => percent(calmLoad(shape, costs).busy)],
  [
    'Redis busy, first refresh after all started at once',
    (shape, costs) => percent(firstRefreshLoad(shape, costs).busy),
  ],
  ['events a second, calm', () => '0'],
  ['an event keeps Redis busy for', (shape, costs) => `${digits(eventMs(shape, costs))} ms`],
  ['**events a second that saturate Redis**', (shape, costs) => `**${digits(mostEventsPerS(shape, costs))}**`],
  [
    'a process hears at that',
    (shape, costs) => `${percent((mostEventsPerS(shape, costs) * costs.hearUs) / 1e6)} of a core`,
  ],
  [
    'look-ups of keys not in hand that saturate Redis, a second of a process',
    (shape, costs) => digits(mostLookUpsPerS(shape, costs)),
  ],
  [
    'every token in hand is confirmed after events came back: Redis busy for',
    (shape, costs) => `${digits(reconnectionS(shape, costs))} s`,
  ],
  ['Redis busy while events do not arrive', (shape, costs) => percent(withoutEvents(shape, costs))],
  ['connections to a server', (shape) => atLimit(connectionsPerServer(shape))],
  ['memory of a server', (shape, costs) => `${digits(serverBytes(shape, costs) / MB)} MB`],
  ['memory of a process for its tokens', (shape, costs) => `${digits((shape.keysInHand * costs.inHandBytes) / MB)} MB`],
];

/** What the planned fleet asks of one Redis and of a cluster, by how many keys a process has in hand. */
export function outlookTable(costs: Costs): Table {
  const shapes = [1, CLUSTER].flatMap((masters) => IN_HAND.map((keysInHand) => ({ ...PLANNED, masters, keysInHand })));
  const { processes, keys, mintMs } = PLANNED;
  return {
    title: `Computed: ${processes.toLocaleString('en')} processes, ${keys.toLocaleString('en')} tokens of an hour`,
    head: [
      '',
      ...shapes.map(({ masters, keysInHand }) => `${serversOf(masters)}, ${keysInHand.toLocaleString('en')} in hand`),
    ],
    lines: LINES.map(([name, of]) => [name, ...shapes.map((shape) => of(shape, costs))]),
    notes: [
      `Nothing of this was run: it is the measured costs times the counted formulas, for a mint of ${mintMs} ms and a load that is spread evenly over the masters. 100 % is the one thread on which a Redis runs commands, so plan for half of it.`,
      `A Redis that nobody configured takes ${DEFAULT_MAX_CLIENTS.toLocaleString('en')} connections: \`maxclients\`, and its limit of open files, come first of all.`,
    ],
  };
}

/** What would become of the fan-out of one event, if it were sent another way. */
export function fanOutTable(costs: Costs): Table {
  const { processes } = PLANNED;
  const shape = { ...PLANNED, masters: 1 };
  const busyFor = (delivered: number): string =>
    `${digits((costs.publishUs + delivered * costs.deliveryUs) / 1_000)} ms`;
  const traffic = (bytes: number): string => `${digits((processes * bytes) / MB)} MB`;
  const eventBytes = 120;
  const byBuckets = BUCKETS.slice(1).map((buckets) => {
    const delivered = processes * interested(shape.keysInHand, buckets);
    const subscriptions = processes * buckets * interested(shape.keysInHand, buckets);
    return [
      `a channel for each of ${buckets.toLocaleString('en')} buckets, heard by who has a key of it in hand`,
      digits(delivered),
      busyFor(delivered),
      `${digits(subscriptions)} subscriptions`,
    ];
  });
  return {
    title: 'Computed: the fan-out of one event on one Redis, 1,000 keys in hand',
    head: ['', 'deliveries', 'Redis busy for', 'beside that'],
    lines: [
      ['**as built: one channel, no payload**', digits(processes), busyFor(processes), `${traffic(eventBytes)} sent`],
      ['with the token in the event', digits(processes), busyFor(processes), `at least ${traffic(REPLY_BYTES)} sent`],
      ...byBuckets,
      [
        'only to who waits or has the key in hand',
        digits(holders(shape)),
        busyFor(holders(shape)),
        'a channel for each key',
      ],
    ],
    notes: [
      'With as many keys in hand as there are buckets, nearly every process has a key of every bucket: sharded channels for the 64 buckets of a cluster would deliver as much, over sixteen connections of each process instead of one. So there is one channel, and what keeps events few is that a mint which nobody waits for publishes none.',
    ],
  };
}

/** How busy the busiest server is, by the number of processes, each with 1,000 keys in hand of a million. */
export function busyCurves(costs: Costs): Curves {
  const lineOf = (name: string, masters: number, busyOf: (shape: Shape) => number): Curves['lines'][number] => ({
    name: `${serversOf(masters)}: ${name}`,
    points: PROCESSES.map((processes) => ({ x: processes, y: busyOf({ ...PLANNED, processes, masters }) })),
  });
  const events = (shape: Shape): number => calmLoad(shape, costs).busy + 10 / mostEventsPerS(shape, costs);
  return {
    title: 'How busy a Redis is',
    x: 'processes, each with 1,000 of a million keys in hand',
    y: 'of one core',
    limit: { y: 1, name: 'saturated' },
    lines: [1, CLUSTER].flatMap((masters) => [
      lineOf('calm', masters, (shape) => calmLoad(shape, costs).busy),
      lineOf('calm, and 10 events a second', masters, events),
      lineOf('no events arrive', masters, (shape) => withoutEvents(shape, costs)),
    ]),
  };
}

function serversOf(masters: number): string {
  return masters === 1 ? 'one Redis' : `${masters} masters`;
}

function percent(part: number): string {
  return `${digits(part * 100)} %`;
}

function atLimit(connections: number): string {
  return connections > DEFAULT_MAX_CLIENTS ? `${digits(connections)} (!)` : digits(connections);
}
