import { acquireTests } from './contract/acquire-tests.js';
import { commitTests } from './contract/commit-tests.js';
import { connectionTests } from './contract/connection-tests.js';
import { dataTests } from './contract/data-tests.js';
import { eventTests, noEventTests } from './contract/event-tests.js';
import { failTests } from './contract/fail-tests.js';
import { PURGES, type Test, withFleet } from './contract/fleet.js';
import { groupPurgeTests } from './contract/group-purge-tests.js';
import { invalidateTests } from './contract/invalidate-tests.js';
import { offerTests } from './contract/offer-tests.js';
import { paceTests } from './contract/pace-tests.js';
import { peekTests } from './contract/peek-tests.js';
import { privateCooldownTests } from './contract/private-cooldown-tests.js';
import { keyPurgeTests, purgeTests } from './contract/purge-tests.js';
import { renewTests } from './contract/renew-tests.js';
import { voidedTests } from './contract/voided-tests.js';
import { versionTests } from './contract/version-tests.js';
import { type TokenStoreFixture } from './token-store-fixture.js';

/** Options of `describeTokenStore`. */
export interface TokenStoreContractOptions {
  /** Whether the store has an event channel (`TokenStore.events`). @defaultValue `true` */
  readonly events?: boolean;
  /** Whether the store tells a version (`TokenStore.version`). @defaultValue `false` */
  readonly version?: boolean;
  /** Registers a group of tests. @defaultValue the global `describe`, as of Jest, Mocha or Vitest */
  readonly describe?: (name: string, body: () => void) => void;
  /** Registers a test. @defaultValue the global `it` */
  readonly it?: (name: string, body: () => Promise<void>) => void;
}

const globals = globalThis as unknown as Required<Pick<TokenStoreContractOptions, 'describe' | 'it'>>;

/**
 * Registers the tests that every implementation of `TokenStore` must pass. Each test opens two stores, as two processes. Some
 * wait for real leases to lapse: give a test 5 s at least.
 *
 * @param name name of the implementation, for the titles of the tests
 * @param createFixture called once per test; must give an empty store each time
 * @example
 * describeTokenStore('MyTokenStore', () => {
 *   const path = newTemporaryFile();
 *   return { open: () => new MyTokenStore(path), dispose: () => rm(path) };
 * });
 */
export function describeTokenStore(
  name: string,
  createFixture: () => TokenStoreFixture | Promise<TokenStoreFixture>,
  { events = true, version = false, describe = globals.describe, it = globals.it }: TokenStoreContractOptions = {},
): void {
  const test: Test = (title, body) => it(title, () => withFleet(createFixture, body));

  describe(`${name} as a TokenStore`, () => {
    describe('acquire', () => acquireTests(test));
    describe('renew', () => renewTests(test));
    describe('commit', () => commitTests(test));
    describe('fail', () => failTests(test));
    describe('a cool-down that names a process', () => privateCooldownTests(test));
    describe('offer', () => offerTests(test));
    describe('invalidate', () => invalidateTests(test));
    describe('the pace of invalidate', () => paceTests(test));
    for (const [name, purge] of PURGES) describe(name, () => purgeTests(test, purge));
    describe('purge of one key', () => keyPurgeTests(test));
    describe('purge of a group', () => groupPurgeTests(test));
    describe('what is void', () => voidedTests(test));
    describe('peek', () => peekTests(test));
    describe('keys and payloads', () => dataTests(test));
    describe('its connections', () => connectionTests(test));
    if (version) describe('its version', () => versionTests(test));
    describe('events', () => (events ? eventTests(test) : noEventTests(test)));
  });
}
