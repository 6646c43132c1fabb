import { clusterCosts } from '../plan/cluster-costs.js';
import { type Costs } from '../plan/costs.js';
import { type Counts } from '../plan/counts.js';
import { coldStart, connectionsOf, reconnection, rejection } from '../plan/formulas.js';
import { busyCurves, fanOutTable, outlookTable } from '../plan/outlook.js';
import { hearUs, inHandBytes } from '../plan/process-costs.js';
import { type RedisCosts, redisCosts } from '../plan/redis-costs.js';
import { SmallFleet } from '../plan/small-fleet.js';
import { digits, type Goal } from '../harness/finding.js';
import { type Bench, type Row } from '../harness/row.js';
import { type Table } from '../harness/table.js';
import { RunningParts } from '@mintonce/test-support';

const PROCESSES = [2, 4, 8, 16];
const KEYS = 50;

export const plan: Row = {
  name: 'plan',
  work: 'What a fleet of 10,000 processes would ask of its Redis, reckoned from what one machine measures and counts',
  notes: [
    'What breaks first, by this plan: the number of connections, which is a setting; then events, each of which goes to every process. In calm weather there are none, since a token is refreshed while nobody waits for it. They come with cold starts of keys that several processes want at once, two with each rejected token, and one with a purge, be it of all keys of an integration. `purgeAll` after a leak is therefore one event, where the rejection of each token would be millions.',
  ],
  async run(bench) {
    const [counted, isLinear] = await countedTable(bench);
    const redis = await redisCosts(bench.redisUrl, bench.running);
    const cluster = await clusterCosts(bench.redisUrl, bench.running);
    const costs: Costs = {
      ...redis,
      publishUs: Math.max(0, redis.event.base),
      deliveryUs: redis.event.slope,
      relayUs: cluster.relayUs,
      relayedUs: cluster.relayedUs,
      hearUs: await hearUs(bench.redisUrl, bench.running),
      inHandBytes: await inHandBytes(),
      connectionsToThree: cluster.connections,
    };
    return {
      comparisons: [],
      goals: [isLinear, connects(costs)],
      tables: [costsTable(costs, redis), counted, outlookTable(costs), fanOutTable(costs)],
      curves: [busyCurves(costs)],
    };
  },
};

function costsTable(costs: Costs, { events, event }: RedisCosts): Table {
  const us = (value: number): string => `${digits(value)} µs`;
  const bytes = (value: number): string => `${digits(value)} bytes`;
  return {
    title: 'Measured: what one of each costs on this machine',
    head: ['', 'costs'],
    lines: [
      ['a look-up (`acquire`), of Redis', us(costs.hitUs)],
      ['a mint (`acquire` and `commit`), of Redis', us(costs.mintUs)],
      ['PING, of Redis', us(costs.pingUs)],
      ['an event without subscribers, of Redis', us(costs.publishUs)],
      ['the same for each subscriber', us(costs.deliveryUs)],
      ['an event on a cluster, of the master that has it, for each other master', us(costs.relayUs)],
      ['the same, of each other master', us(costs.relayedUs)],
      ['an event, of a process that has no use for it', us(costs.hearUs)],
      ['a key with a token of 1.2 KB, in Redis', bytes(costs.keyBytes)],
      ['a connection, in Redis', bytes(costs.connectionBytes)],
      ['a token in hand, in a process', bytes(costs.inHandBytes)],
      ['connections of a process to a cluster of three', digits(costs.connectionsToThree)],
    ],
    notes: [
      `Times are processor time of the server, with 64 connections that have one command under way each. An event took ${events.map(({ x, y }) => `${digits(y)} µs with ${x}`).join(', ')} subscribers: ${percent(event.r2)} of that is a straight line.`,
    ],
  };
}

/** Counts of the same fleet in growing numbers beside the formulas, which must be equal. */
async function countedTable({ redisUrl }: Bench): Promise<[Table, Goal]> {
  const lines: string[][] = [];
  let areEqual = true;
  for (const processes of PROCESSES) {
    const running = new RunningParts();
    try {
      const fleet = await SmallFleet.start({ redisUrl, running }, processes, KEYS);
      const found: [string, Counts, Counts][] = [
        ['a key that nobody has', await fleet.coldStart(), coldStart(processes, processes)],
        ['a rejected token', await fleet.rejection(), rejection(processes, processes)],
        ['events came back', await fleet.reconnection(), reconnection(processes)],
      ];
      for (const [name, counted, formula] of found) {
        lines.push([name, String(processes), ...cells(counted, KEYS)]);
        areEqual &&= cells(counted, KEYS).join() === cells(formula, 1).join();
      }
    } finally {
      await running.stop();
    }
  }
  const table: Table = {
    title: 'Counted: what becomes of one key',
    head: ['', 'processes', 'look-ups', 'commits', 'rejections', 'events', 'deliveries'],
    lines: lines.sort(([one = ''], [other = '']) => one.localeCompare(other)),
    notes: [
      `Of ${KEYS} keys that all processes want at once, on a real Redis; each process is an object with connections of its own. Look-ups grow with the processes that have a key in hand, deliveries with all processes.`,
    ],
  };
  const goal = { goal: 'counts are as the formulas say', measured: areEqual ? 'equal' : 'different', isMet: areEqual };
  return [table, goal];
}

function cells({ acquires, commits, invalidates, published, delivered }: Counts, keys: number): string[] {
  return [acquires, commits, invalidates, published, delivered].map((count) => digits(count / keys));
}

function connects({ connectionsToThree }: Costs): Goal {
  const expected = connectionsOf(3);
  return {
    goal: `connections of a process to three masters: ${expected}`,
    measured: digits(connectionsToThree),
    isMet: connectionsToThree === expected,
  };
}

function percent(part: number): string {
  return `${digits(part * 100)} %`;
}
