/** A fleet that is planned. */
export interface Shape {
  readonly processes: number;
  /** Tenants, each with a token. */
  readonly keys: number;
  readonly lifeMs: number;
  /** Of a process: keys that it is asked for again and again, so that it has their tokens in hand. */
  readonly keysInHand: number;
  /** What the provider takes for a token. */
  readonly mintMs: number;
  /** 1 is one Redis; more are a cluster. */
  readonly masters: number;
}

/** The fleet of the plan. */
export const PLANNED: Shape = {
  processes: 10_000,
  keys: 1_000_000,
  lifeMs: 3_600_000,
  keysInHand: 1_000,
  mintMs: 200,
  masters: 1,
};

export const CLUSTER = 16;

/** How many processes have a key in hand, in the mean; at least one, as long as it is used at all. */
export function holders({ processes, keys, keysInHand }: Shape): number {
  return Math.max(1, (processes * keysInHand) / keys);
}

/** Keys that are used at all. */
export function keysInUse({ processes, keys, keysInHand }: Shape): number {
  return Math.min(keys, processes * keysInHand);
}
