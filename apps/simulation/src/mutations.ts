import { type Edit } from './edit.js';

/** A defect put into the library on purpose. */
export interface Mutation {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The only faults of its runs, where chance would bring them too seldom. @defaultValue those of the seed */
  readonly faults?: readonly string[];
}

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });

/** What others got wrong, and what we could have; the simulation must find each. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'a waiter does not look again before it mints',
    edits: [
      edit(
        'core/protocol/acquisition.js',
        'delete attempts.useless;\n                return void',
        'attempts.useless = 0;\n                return void',
      ),
      edit('core/protocol/acquisition.js', 'if (token && token.fence !== attempts.useless)', 'if (false)'),
    ],
  },
  {
    name: 'the store grants a lease that is held',
    edits: [edit('core/slot/slot.js', 'if (isHeld && slot.nonce !== nonce) {', 'if (false) {')],
  },
  {
    name: 'a commit is not fenced',
    edits: [
      edit('core/slot/slot.js', 'slot ? slot.fence > fence || slot.published >= fence : isStale(lease, now)', 'false'),
    ],
    faults: ['a process is paused', 'messages are slow'],
  },
  {
    name: 'a release does not ask whose lease it is',
    edits: [edit('core/slot/slot.js', 'slot.nonce === nonce && slot.fence === fence', "slot.nonce !== ''")],
    faults: ['a process is paused', 'messages are slow', 'the source fails'],
  },
  {
    name: 'a waiter registers after the call that tells it to wait',
    edits: [
      edit(
        'core/protocol/acquisition.js',
        'return void (await watch.wait(acquired.leaseEndsInMs));',
        'watch.close(); attempts.watch = this.parts.storeEvents.watch(key.id); return void (await attempts.watch.wait(acquired.leaseEndsInMs));',
      ),
    ],
  },
  {
    name: 'a lease is not renewed',
    edits: [edit('core/protocol/minting.js', '        schedule();\n        return () => {', '        return () => {')],
  },
  {
    name: 'waiters come back late to the lease of a dead process',
    edits: [edit('core/store-client/store-events.js', 'LEASE_END_JITTER_MS = 50', 'LEASE_END_JITTER_MS = 5000')],
    faults: ['a process is killed'],
  },
  {
    name: 'waiters do not poll a store without events',
    edits: [edit('core/store-client/store-events.js', 'return isUp ? leaseEndMs :', 'return true ? leaseEndMs :')],
  },
  {
    name: 'the safety margin may be longer than the life of a token',
    edits: [
      edit(
        'core/source-client/token-life.js',
        'Math.min(policy.safetyMarginMs, lifeMs * MARGIN_SHARE)',
        'policy.safetyMarginMs',
      ),
    ],
  },
  {
    name: 'hard expiry is reckoned from the answer, not from the request',
    edits: [
      edit(
        'core/source-client/source-client.js',
        'const endsAt = sentAt + life.usableMs;',
        'const endsAt = this.clock.monotonic() + life.usableMs;',
      ),
    ],
  },
  {
    name: 'hard expiry is reckoned by the wall clock',
    edits: [edit('core/contract/clock.js', 'monotonic: () => performance.now()', 'monotonic: () => Date.now()')],
    faults: ['wall clocks step'],
  },
  {
    name: 'an odd life is believed',
    edits: [
      edit('core/source-client/token-life.js', 'Number.isFinite(value) && value > 0', "typeof value === 'number'"),
    ],
    faults: ['the source says odd things of the life of its tokens'],
  },
  {
    name: 'a rejection drops whatever is shared',
    edits: [
      edit(
        'core/slot/slot.js',
        'if (!slot || tokenOf(slot, now)?.fence !== generation)',
        'if (!slot || !tokenOf(slot, now))',
      ),
    ],
    faults: ['tokens are revoked'],
  },
  {
    name: 'a rejected token is taken from the store again',
    edits: [edit('core/in-hand/token-shelf.js', 'if (this.near.isRejected(content.accessToken))', 'if (false)')],
    faults: ['tokens are revoked', 'messages are lost'],
  },
  {
    name: 'the near cache does not hear of rejections',
    edits: [edit('core/in-hand/near-cache.js', 'held.token.generation <= generation)', 'false)')],
    faults: ['tokens are revoked'],
  },
  {
    name: 'the near cache is trusted after the event channel was down',
    edits: [
      edit(
        'core/in-hand/near-cache.js',
        'this.channel.isUp ? held.confirmedAt >= this.channel.upSince : now - held.confirmedAt < this.policy.maxAgeMs',
        'true',
      ),
    ],
    faults: ['tokens are revoked', 'an event channel breaks'],
  },
  {
    name: 'a purge does not void the mint in flight',
    edits: [
      edit(
        'core/slot/slot.js',
        'const fence = Math.max(slot.fence + 1, Math.floor(now * 1000) + 999);',
        'const fence = slot.fence;',
      ),
    ],
    faults: ['tokens are purged'],
  },
  {
    name: 'a purge voids mints that began after it',
    edits: [
      edit('core/source-client/source-client.js', 'keyId === purgedId && fence <= upTo', 'keyId === purgedId'),
      edit(
        'core/store-client/store-events.js',
        'fence === NO_LEASE ? this.purged : fence <= this.voidedUpTo',
        'this.purged || fence <= this.voidedUpTo',
      ),
    ],
    faults: ['tokens are purged'],
  },
  {
    name: 'the fence restarts when its record is lost',
    edits: [edit('core/slot/slot.js', 'Math.max(slot.fence + 1, Math.floor(now * 1000));', 'slot.fence + 1;')],
    faults: ['the store restarts empty'],
  },
  {
    name: 'a commit that arrives twice lengthens the life of the token',
    edits: [
      edit(
        'core/slot/slot.js',
        "return { answer: { outcome: 'duplicate' } };",
        "return { answer: { outcome: 'duplicate' }, slot: { ...slot, tokenEndsAt: after(now, ttlMs) } };",
      ),
    ],
    faults: ['calls arrive twice'],
  },
  {
    name: 'a lost reply makes a process wait for itself',
    edits: [edit('core/protocol/acquisition.js', 'this.unanswered.get(id) ?? randomUUID()', 'randomUUID()')],
    faults: ['messages are lost'],
  },
  {
    name: 'a failure is not shared',
    edits: [
      edit('core/protocol/minting.js', 'isOurFault ? undefined : rememberedFailure(error, remainingMs)', 'undefined'),
    ],
    faults: ['the source fails'],
  },
  {
    name: 'a failure that the store cannot be told is forgotten',
    edits: [edit('core/source-client/failure-memory.js', 'return known && remainingMs > 0 ?', 'return false ?')],
    faults: ['the source fails', 'processes are cut off'],
  },
  {
    name: 'Retry-After is ignored',
    edits: [edit('core/source-client/cooldown.js', 'if (retryAfterMs > 0)', 'if (false)')],
    faults: ['the source throttles'],
  },
  {
    name: 'requests of different tenants share a key',
    edits: [edit('core/config/token-key.js', 'resource, tenant, subject];', 'resource, subject];')],
  },
  {
    name: 'the callers of one process do not share a flight',
    edits: [edit('core/protocol/flights.js', 'const current = this.flights.get(keyId);', 'const current = undefined;')],
    faults: ['the store restarts with its data'],
  },
  {
    name: 'a flight that failed stays on the map',
    edits: [edit('core/protocol/flights.js', '.finally(close)', '.then((result) => (close(), result))')],
    faults: ['the source fails'],
  },
  {
    name: 'everybody refreshes',
    edits: [
      edit(
        'core/protocol/upkeep.js',
        "if (acquired.outcome === 'hit')\n                this.shelf.adopt(key, acquired.token, sentAt, watch);\n            if (acquired.outcome === 'lease' &&",
        "if (acquired.outcome === 'hit') await this.minting.underLease(key, { lease: { nonce: '', fence: acquired.token.fence, leaseMs: 1000 }, reason: 'refresh', failures: 0 }, watch);\n            if (acquired.outcome === 'lease' &&",
      ),
    ],
  },
  {
    name: 'who waited for long mints without the lease',
    edits: [
      edit(
        'core/protocol/acquisition.js',
        'attempts.waitedSince ??= sentAt;',
        "attempts.waitedSince ??= sentAt; if (key.integration.policy.whenStoreUnavailable !== 'fail' && sentAt - attempts.waitedSince > 300) return this.withoutStore(key, new Error('busy'), watch);",
      ),
    ],
  },
  {
    name: 'a token in hand is not used when the store is gone',
    edits: [
      edit(
        'core/protocol/acquisition.js',
        '        if (inHand)\n            return inHand;\n        if (key.integration.policy',
        '        if (key.integration.policy',
      ),
    ],
    faults: ['the store restarts with its data'],
  },
  {
    name: 'a store call has no time limit',
    edits: [
      edit(
        'core/store-client/guarded-store.js',
        'return await Promise.race([answer, timeout]);',
        'timeout.catch(() => {}); return await answer;',
      ),
    ],
    faults: ['messages are lost'],
  },
  {
    name: 'a caller has no deadline',
    edits: [
      edit('core/protocol/flights.js', 'clock.after(timeoutMs, () => leave(() => reject(timeoutError())))', '() => {}'),
    ],
    faults: ['the source is slow', 'a process is killed', 'messages are slow'],
  },
  {
    name: 'a failed renewal is nobody’s business',
    edits: [
      edit(
        'core/protocol/minting.js',
        'await store.renew(key, lease).catch(() => true)',
        'await store.renew(key, lease)',
      ),
    ],
    faults: ['messages are lost'],
  },
  {
    name: 'a commit without an answer fails the mint',
    edits: [
      edit(
        'core/protocol/minting.js',
        'catch {\n            if (isVoid',
        'catch (error) {\n            throw error;\n            if (isVoid',
      ),
    ],
    faults: ['messages are lost'],
  },
  {
    name: 'a shutdown leaves its breakers running',
    edits: [edit('core/store-client/guarded-store.js', 'breaker.shutdown();', 'void breaker;')],
  },
];
