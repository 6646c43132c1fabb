import { DEFAULT_NEAR_CACHE } from '@mintonce/token-cache';
import { type Costs } from './costs.js';
import { scriptsOf } from './counts.js';
import { connectionsOf, mostAsks, reconnection, refresh, refreshAfterMs, refreshSpreadMs } from './formulas.js';
import { holders, keysInUse, type Shape } from './shape.js';

/** Of each connection on which events arrive. */
const HEARTBEAT_S = 5;
/** How often `giveUpWhenSilent` asks on each connection of a client. */
const SILENCE_S = 2;

/** Of the whole fleet in calm weather, in the mean: every token in its course, and every holder asked all the time. */
export interface CalmLoad {
  readonly mintsPerS: number;
  /** At most: each other holder asks for a token while it is refreshed. */
  readonly scriptsPerS: number;
  readonly pingsPerS: number;
  /** The part of the one thread of a Redis that is busy, in the mean over all masters; above 1 it cannot be done. */
  readonly busy: number;
}

export function calmLoad(shape: Shape, costs: Costs): CalmLoad {
  return loadOf(shape, costs, keysInUse(shape) / (refreshAfterMs(shape.lifeMs) / 1_000));
}

/** As the calm one, while the tokens are refreshed that a fleet minted when it started all at once. */
export function firstRefreshLoad(shape: Shape, costs: Costs): CalmLoad {
  return loadOf(shape, costs, keysInUse(shape) / (refreshSpreadMs(shape.lifeMs) / 1_000));
}

function loadOf(shape: Shape, { hitUs, mintUs, pingUs }: Costs, mintsPerS: number): CalmLoad {
  const counts = refresh(holders(shape), mostAsks(shape.mintMs));
  const pingsPerS = pings(shape);
  const us = mintsPerS * (mintUs + (counts.acquires - 1) * hitUs) + pingsPerS * pingUs;
  return { mintsPerS, scriptsPerS: mintsPerS * scriptsOf(counts), pingsPerS, busy: us / 1e6 / shape.masters };
}

function pings({ processes, masters }: Shape): number {
  return processes * (1 / HEARTBEAT_S + masters / SILENCE_S);
}

/** For how long one event keeps the busiest Redis busy, in ms. A cluster passes it on to all masters, which share the subscribers. */
export function eventMs({ processes, masters }: Shape, costs: Costs): number {
  const relayUs = (masters - 1) * costs.relayUs;
  return (costs.publishUs + relayUs + (processes / masters) * costs.deliveryUs) / 1_000;
}

/** Events in a second that keep a Redis busy, and nothing else done. */
export function mostEventsPerS(shape: Shape, costs: Costs): number {
  const { masters, processes } = shape;
  const relayUs = masters === 1 ? 0 : ((masters - 1) / masters) * (costs.relayUs + costs.relayedUs);
  return 1e6 / (costs.publishUs / masters + relayUs + (processes / masters) * costs.deliveryUs);
}

/** For how many seconds Redis is busy until every token in hand is confirmed, after the channel of events came back. */
export function reconnectionS(shape: Shape, { hitUs }: Costs): number {
  const confirmed = keysInUse(shape) * scriptsOf(reconnection(holders(shape)));
  return (confirmed * hitUs) / 1e6 / shape.masters;
}

/** The part of Redis that is busy while events do not arrive and each token in hand is asked for every `nearCache.maxAgeMs`. */
export function withoutEvents(shape: Shape, { hitUs }: Costs): number {
  return (keysInUse(shape) * holders(shape) * hitUs) / (DEFAULT_NEAR_CACHE.maxAgeMs * 1_000) / shape.masters;
}

/** Calls in a second of one process for tokens that it does not have in hand, at which Redis is busy. */
export function mostLookUpsPerS({ processes, masters }: Shape, { hitUs }: Costs): number {
  return (1e6 / hitUs) * (masters / processes);
}

/** Connections to one server: one of each client, and its part of those on which events arrive. */
export function connectionsPerServer({ processes, masters }: Shape): number {
  return (processes * connectionsOf(masters)) / masters;
}

/** Memory of one server, in bytes: tokens and connections. */
export function serverBytes(shape: Shape, { keyBytes, connectionBytes }: Costs): number {
  return (keysInUse(shape) * keyBytes) / shape.masters + connectionsPerServer(shape) * connectionBytes;
}
