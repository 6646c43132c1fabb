import assert from 'node:assert/strict';

import { keyIdIn } from '../../core/contract/key-group.js';
import {
  type Acquired,
  type AnsweredSince,
  type Committed,
  type Lease,
  type Offered,
  type Rejection,
  type RejectionVerdict,
  type TokenStore,
  type TurnedAway,
} from '../../core/contract/token-store.js';
import { type TokenStoreFixture } from '../token-store-fixture.js';
import { eventually } from './eventually.js';

/** What events call the key of most tests. */
export const ID = 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg';
export const GROUP = 'NKdlfySzO9wX';
export const KEY = keyIdIn(GROUP, ID);
/** A lease or life that outlasts every test. */
export const LONG_MS = 60_000;
/** A lease or life that a test waits out. */
export const SHORT_MS = 60;

let nonces = 0;

/** Two processes on one store. */
export interface Fleet {
  readonly store: TokenStore;
  readonly other: TokenStore;
}

export type Test = (title: string, body: (fleet: Fleet) => Promise<void>) => void;

/** Runs one test on two stores over the same data, and closes them afterwards, also on a failure. */
export async function withFleet(
  createFixture: () => TokenStoreFixture | Promise<TokenStoreFixture>,
  body: (fleet: Fleet) => Promise<void>,
): Promise<void> {
  const fixture = await createFixture();
  const opened: TokenStore[] = [];
  const open = async (): Promise<TokenStore> => {
    const store = await fixture.open();
    opened.push(store);
    return store;
  };
  try {
    await body({ store: await open(), other: await open() });
  } finally {
    await Promise.all(opened.map((store) => store.close()));
    await fixture.dispose?.();
  }
}

export interface Ask {
  key?: string;
  nonce?: string;
  leaseMs?: number;
  minTtlMs?: number;
  refusedGeneration?: number;
  process?: string;
}

export interface Publication {
  payload?: string;
  ttlMs?: number;
}

export function newNonce(): string {
  return `nonce-${++nonces}`;
}

export function acquire(
  store: TokenStore,
  { key = KEY, nonce = newNonce(), leaseMs = LONG_MS, minTtlMs = 0, refusedGeneration, process }: Ask = {},
): Promise<Acquired> {
  return store.acquire(key, { nonce, leaseMs, minTtlMs, refusedGeneration, process });
}

export type LeaseAnswer = Extract<Acquired, { outcome: 'lease' }>;

export async function granted(answer: Promise<Acquired>): Promise<LeaseAnswer> {
  const acquired = await answer;
  assert.equal(acquired.outcome, 'lease', `a lease was expected, not "${acquired.outcome}"`);
  return acquired;
}

/** The answer to a process that is given a token. */
export async function hit(answer: Promise<Acquired>): Promise<Extract<Acquired, { outcome: 'hit' }>> {
  const acquired = await answer;
  assert.equal(acquired.outcome, 'hit', `a token was expected, not "${acquired.outcome}"`);
  return acquired;
}

/** The answer to a process that is neither given a token nor a lease. */
export async function turnedAway(answer: Promise<Acquired>): Promise<TurnedAway> {
  const acquired = await answer;
  if (acquired.outcome === 'wait' || acquired.outcome === 'cooling') return acquired;
  assert.fail(`a wait or a cool-down was expected, not "${acquired.outcome}"`);
}

export async function leaseOf(store: TokenStore, ask: Ask = {}): Promise<Lease> {
  return (await granted(acquire(store, ask))).lease;
}

export function leaseAnswerSoon(store: TokenStore): Promise<LeaseAnswer> {
  return eventually('a lease is granted', async () => {
    const answer = await acquire(store);
    return answer.outcome === 'lease' ? answer : undefined;
  });
}

export async function leaseSoon(store: TokenStore): Promise<Lease> {
  return (await leaseAnswerSoon(store)).lease;
}

/** The lease of a second process, granted as soon as the first process's lease has lapsed. */
export function takenOver(store: TokenStore): Promise<Lease> {
  return leaseSoon(store);
}

export function publish(store: TokenStore, lease: Lease, { payload = 'payload', ttlMs = LONG_MS }: Publication = {}) {
  return store.commit(KEY, lease, payload, ttlMs);
}

/** Offers a token that a process holds. */
export function offered(
  store: TokenStore,
  generation: number,
  { payload = 'payload', ttlMs = LONG_MS, since }: Publication & { since?: AnsweredSince } = {},
): Promise<Offered> {
  return store.offer(KEY, generation, payload, ttlMs, since);
}

/** Acquires a lease and commits a token; gives the lease. */
export async function published(store: TokenStore, { minTtlMs = 0, ...token }: Publication & Ask = {}): Promise<Lease> {
  const lease = await leaseOf(store, { minTtlMs });
  assert.deepEqual(await publish(store, lease, token), { outcome: 'stored' });
  return lease;
}

/** Rejects the token of that lease. The pace outlasts the test unless it is given. */
export function reject(
  store: TokenStore,
  { fence }: Pick<Lease, 'fence'>,
  { paceMs = LONG_MS, maxPaceMs = 10 * LONG_MS, isContested = false }: Partial<Rejection> = {},
): Promise<RejectionVerdict> {
  return store.invalidate(KEY, { generation: fence, paceMs, maxPaceMs, isContested });
}

/** Rejects the token until that is granted. */
export async function rejectedSoon(store: TokenStore, lease: Lease, policy: Partial<Rejection> = {}): Promise<void> {
  await eventually('the rejection is granted', async () =>
    (await reject(store, lease, policy)) === 'replaced' ? true : undefined,
  );
}

/** Starts to measure time by the clock of the store; the answer says whether so many ms have passed. */
export async function timer(store: TokenStore, ms: number): Promise<() => Promise<boolean>> {
  const key = newNonce();
  await leaseOf(store, { key, leaseMs: ms });
  return async () => (await acquire(store, { key, leaseMs: 1 })).outcome === 'lease';
}

/** Resolves when so many ms have passed by the clock of the store. */
export async function passed(store: TokenStore, ms: number): Promise<void> {
  const isOver = await timer(store, ms);
  await eventually(`${ms} ms have passed`, async () => (await isOver()) || undefined);
}

/** The token has reached its hard expiry. */
export async function expired(store: TokenStore): Promise<void> {
  await eventually('the token expires', async () => ((await store.peek(KEY)).token ? undefined : true));
}

/** A way to purge the key of most tests. */
export type Purge = (store: TokenStore, withinMs?: number) => Promise<number>;

/** Each way, by its name. */
export const PURGES: readonly (readonly [name: string, purge: Purge])[] = [
  ['purge', (store, withinMs) => store.purge(KEY, withinMs)],
  ['purge of its group', (store, withinMs) => store.purgeGroup(GROUP, withinMs)],
];

/** There is neither a token nor a cool-down. */
export async function assertEmpty(store: TokenStore, key = KEY): Promise<void> {
  const { token, isRejected, cooldown } = await store.peek(key);
  assert.deepEqual(
    { token, isRejected, cooldown },
    { token: undefined, isRejected: false, cooldown: undefined },
    'the key has neither a token nor a cool-down',
  );
}

/** The commit came too late, and there is no newer token. */
export function assertSuperseded(answer: Committed): void {
  const token = answer.outcome === 'superseded' ? answer.token : undefined;
  assert.deepEqual({ outcome: answer.outcome, token }, { outcome: 'superseded', token: undefined });
}

/** The token of the commit or offer is void. */
export function assertVoided(answer: Committed | Offered): void {
  assert.deepEqual(answer, { outcome: 'voided' });
}
