import { DEFAULT_NEAR_CACHE } from './config/policy.js';
import { type TokenKey } from './config/token-key.js';
import { type TokenCacheConfig } from './config/token-cache.options.js';
import { type HeardEvent } from './contract/heard-event.js';
import { type HeldToken } from './contract/held-token.js';
import { type Shutdown } from './contract/shutdown.js';
import { TokenObservers } from './contract/token-observers.js';
import { WithToken } from './door/with-token.js';
import { TokenStanding } from './in-hand/token-standing.js';
import { TokensInHand } from './in-hand/tokens-in-hand.js';
import { Acquisition } from './protocol/acquisition.js';
import { LastErrors } from './protocol/last-errors.js';
import { Inquiry } from './protocol/inquiry.js';
import { KnownCooldowns } from './protocol/known-cooldowns.js';
import { LookUp } from './protocol/look-up.js';
import { Meanwhile } from './protocol/meanwhile.js';
import { Minting } from './protocol/minting.js';
import { Mints } from './protocol/mints.js';
import { Publishing } from './protocol/publishing.js';
import { Rejections } from './protocol/rejections.js';
import { Retries } from './protocol/retries.js';
import { TokenSupply } from './protocol/token-supply.js';
import { Upkeep } from './protocol/upkeep.js';
import { FailureMemory } from './source-client/failure-memory.js';
import { SourceClient } from './source-client/source-client.js';
import { GuardedStore } from './store-client/guarded-store.js';
import { Looks } from './store-client/looks.js';
import { PayloadCodec } from './store-client/payload-codec.js';
import { StoreClient } from './store-client/store-client.js';
import { StoreEvents } from './store-client/store-events.js';
import { StoreVersion } from './store-client/store-version.js';

/** The parts of a client that its methods speak to. */
export type ClientParts = ReturnType<typeof assemble>;

/**
 * Wires the layers of one client, from the store up.
 *
 * @param onUnexpected hears of a failure in the background that is none of the library's errors
 */
export function assemble(config: TokenCacheConfig, shutdown: Shutdown, onUnexpected: (error: unknown) => void) {
  const { clock, random, nearCache, store: tokenStore } = config;
  const { maxEntries } = nearCache || DEFAULT_NEAR_CACHE;
  const observers = new TokenObservers();
  const { draining, closing, closed } = shutdown;
  const base = { clock, random, observers, draining, closing, codec: new PayloadCodec(config.encryption) };

  const guarded = new GuardedStore(tokenStore, clock, observers, closed);
  const store = new StoreClient(guarded, clock, (...voided) => tokens.heed(...voided));
  const version = tokenStore.version && new StoreVersion(clock, () => tokenStore.version?.());
  const looks = new Looks(clock, version);
  const storeEvents = new StoreEvents(clock, random, tokenStore.events, looks, (event) => hear(event));
  const sources = new SourceClient(clock, random, closing);
  const failures = new FailureMemory(clock, random, store.process);
  const channel = tokenStore.events ? storeEvents : version;
  const tokens = new TokensInHand({
    ...base,
    policy: nearCache,
    maxEntries,
    channel,
    onServable: (keyId) => storeEvents.wake(keyId),
  });
  const standing = new TokenStanding(clock, tokens, maxEntries);
  const cooldowns = new KnownCooldowns(clock, tokenStore.events !== undefined);
  const hear = (event: HeardEvent): void => {
    store.hear(event);
    tokens.notice(event);
    cooldowns.notice(event);
    rejections.notice(event);
    if (event.type === 'purged-group') failures.forgetGroup(event.group);
    if (event.type === 'purged') failures.forget(event.keyId);
    sources.abortVoided(event);
  };

  const known = {
    ...base,
    store,
    storeEvents,
    sources,
    tokens,
    standing,
    failures,
    cooldowns,
    lastErrors: new LastErrors(),
  };
  const retries = new Retries(clock, closed);
  const minting = new Minting(known);
  const publishing = new Publishing({ ...known, retries });
  const bringIn = (key: TokenKey, held: HeldToken): void => upkeep.tend(key, held);
  const mints = new Mints({ ...known, minting, publishing, retries, bringIn });
  const rejections = new Rejections({ ...known, publishing, announce: (event) => storeEvents.deliver(event) });
  const upkeep = new Upkeep({ ...known, mints, publishing, rejections, onUnexpected });
  const inquiry = new Inquiry({ ...known, rejections, mints });
  const meanwhile = new Meanwhile({ ...known, mints, rejections, upkeep });
  const acquisition = new Acquisition({ ...known, mints, upkeep, inquiry, meanwhile });
  const supply = new TokenSupply({ ...known, acquisition, meanwhile, upkeep, mints });
  const withToken = new WithToken({ ...known, rejections, supply });
  return { ...known, guarded, retries, rejections, lookUp: new LookUp({ ...known, rejections }), supply, withToken };
}
