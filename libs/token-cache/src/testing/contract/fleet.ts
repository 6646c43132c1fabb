import assert from 'node:assert/strict';

import { type Acquired, type Lease, type TokenStore } from '../../core/contract/token-store.js';
import { type TokenStoreFixture } from '../token-store-contract.js';
import { eventually } from './eventually.js';

export const KEY = 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg';
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
  { key = KEY, nonce = newNonce(), leaseMs = LONG_MS, minTtlMs = 0 }: Ask = {},
): Promise<Acquired> {
  return store.acquire(key, { nonce, leaseMs, minTtlMs });
}

export type LeaseAnswer = Extract<Acquired, { outcome: 'lease' }>;

export async function granted(answer: Promise<Acquired>): Promise<LeaseAnswer> {
  const acquired = await answer;
  assert.equal(acquired.outcome, 'lease');
  return acquired;
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

/** Acquires a lease and commits a token; gives the lease. */
export async function published(store: TokenStore, { minTtlMs = 0, ...token }: Publication & Ask = {}): Promise<Lease> {
  const lease = await leaseOf(store, { minTtlMs });
  assert.deepEqual(await publish(store, lease, token), { outcome: 'stored' });
  return lease;
}

/** Resolves when every lease of `leaseMs` granted before has lapsed: a later one, of another key, has lapsed on the same clock. */
export async function lapsed(store: TokenStore, leaseMs: number): Promise<void> {
  const key = newNonce();
  await leaseOf(store, { key, leaseMs });
  await eventually('the lease lapses', async () =>
    (await acquire(store, { key })).outcome === 'lease' ? true : undefined,
  );
}
