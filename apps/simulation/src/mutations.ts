import { type Edit } from './edit.js';

/**
 * A defect put into the library on purpose. Its edits name texts of the build: `npx jest mutations-fit` tells which no longer
 * fit, and what the line looks like now.
 */
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
        'attempt.acquire({ refusedGeneration })',
        'attempt.acquire({ refusedGeneration, minTtlMs: way.waitedSince === undefined ? 0 : 1e12 })',
      ),
    ],
  },
  {
    name: 'the store grants a lease that is held',
    edits: [edit('core/slot/slot.js', 'const isTaken = isHeld && slot.nonce !== nonce;', 'const isTaken = false;')],
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
    edits: [edit('core/slot/slot-state.js', 'slot.nonce === nonce && slot.fence === fence', "slot.nonce !== ''")],
    faults: ['a process is paused', 'messages are slow', 'the source fails'],
  },
  {
    name: 'a waiter registers after the call that tells it to wait',
    edits: [
      edit(
        'core/protocol/acquisition.js',
        'await watch.wait(acquired.leaseEndsInMs);',
        'watch.close(); way.watch = this.parts.storeEvents.watch(key.id); await way.watch.wait(acquired.leaseEndsInMs);',
      ),
    ],
  },
  {
    name: 'waiters are not woken when the event channel comes up',
    edits: [
      edit(
        'core/store-client/store-events.js',
        'this.arriveSince = upSince; this.wakeAll();',
        'this.arriveSince = upSince;',
      ),
    ],
    faults: ['an event channel breaks'],
  },
  {
    name: 'a lease is not renewed',
    edits: [edit('core/protocol/leased-mint.js', 'schedule(); return () => {', 'return () => {')],
  },
  {
    name: 'waiters come back late to the lease of a dead process',
    edits: [edit('core/store-client/store-events.js', 'LEASE_END_JITTER_MS = 50', 'LEASE_END_JITTER_MS = 5000')],
    faults: ['a process is killed'],
  },
  {
    name: 'waiters do not poll a store without events',
    edits: [
      edit(
        'core/store-client/store-events.js',
        'this.arriveSince === undefined ? Math.min(leaseEndMs, pollMs) : leaseEndMs',
        'leaseEndMs',
      ),
    ],
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
        'core/source-client/token-life.js',
        'const ends = after(exchange.sent, usableMs);',
        'const ends = after(exchange.arrived, usableMs);',
      ),
    ],
  },
  {
    name: 'hard expiry is reckoned by the wall clock',
    edits: [edit('core/contract/clock.js', 'monotonic: () => performance.now()', 'monotonic: () => Date.now()')],
    faults: ['wall clocks step'],
  },
  {
    name: 'a life of 0 counts as missing',
    edits: [
      edit(
        'core/source-client/token-life.js',
        'least(known) ?? policy.missingExpiryMs',
        'Math.max(least(known) ?? 0, 0) || policy.missingExpiryMs',
      ),
    ],
    faults: ['the source says odd things of the life of its tokens'],
  },
  {
    name: 'a rejection replaces whatever is shared',
    edits: [edit('core/slot/slot.js', 'tokenOf(slot, now)?.fence !== rejection.generation', '!tokenOf(slot, now)')],
    faults: ['tokens are revoked'],
  },
  {
    name: 'the store gives out a marked token as if it were good',
    edits: [
      edit(
        'core/slot/slot.js',
        'valid && !isMarked(slot) && valid.fence !== refusedGeneration',
        'valid && valid.fence !== refusedGeneration',
      ),
    ],
    faults: ['tokens are revoked'],
  },
  {
    name: 'the near cache does not hear of rejections',
    edits: [edit('core/in-hand/tokens-in-hand.js', 'else entry.isRejected = true;', 'else void 0;')],
    faults: ['tokens are revoked'],
  },
  {
    name: 'the near cache does not hear of purges',
    edits: [
      edit(
        'core/in-hand/tokens-in-hand.js',
        "if (event.type === 'purged') this.entries.delete(event.keyId);",
        "if (event.type === 'purged') void 0;",
      ),
    ],
    faults: ['tokens are purged'],
  },
  {
    name: 'the near cache is trusted after the event channel was down',
    edits: [
      edit(
        'core/in-hand/tokens-in-hand.js',
        'upSince === undefined ? now - confirmedAt < policy.maxAgeMs : confirmedAt >= upSince',
        'true',
      ),
    ],
    faults: ['tokens are revoked', 'an event channel breaks'],
  },
  {
    name: 'rejected tokens are replaced without a pace',
    edits: [edit('core/slot/rejection-pace.js', 'elapsedMs < (isContested ? maxPaceMs : last.paceMs)', 'false')],
    faults: ['the upstream refuses every token'],
  },
  {
    name: 'the pace of replacements does not grow',
    edits: [
      edit(
        'core/slot/rejection-pace.js',
        'followsClosely ? Math.min(Math.max(2 * last.paceMs, paceMs), maxPaceMs) : paceMs',
        'paceMs',
      ),
    ],
    faults: ['the upstream refuses every token'],
  },
  {
    name: 'a commit forgets the pace of replacements',
    edits: [edit('core/slot/slot.js', '...paceOf(slot),', '...NO_PACE,')],
    faults: ['the upstream refuses every token'],
  },
  {
    name: 'a rejected token is no better than an error',
    edits: [
      edit(
        'core/protocol/acquisition.js',
        'if (!held || held.token.generation !== rejected?.fence) throw error;',
        'throw error;',
      ),
    ],
    faults: ['tokens are revoked', 'the source fails'],
  },
  {
    name: 'an answer on its way outlives a rejection and a purge',
    edits: [
      edit(
        'core/store-client/key-watch.js',
        'some((event) => voids(event, fence))',
        "some((event) => fence === 'without lease' && voids(event, fence))",
      ),
    ],
  },
  {
    name: 'a purged token is shared again by its holder',
    edits: [
      edit(
        'core/protocol/acquisition.js',
        "return reason === 'miss' && isLast ? held : undefined;",
        'return isLast ? held : undefined;',
      ),
    ],
    faults: ['tokens are purged', 'an event channel is deaf'],
  },
  {
    name: 'a rejected token is shared again by its holder',
    edits: [
      edit(
        'core/protocol/acquisition.js',
        "return reason === 'miss' && isLast ? held : undefined;",
        'return isLast ? held : undefined;',
      ),
    ],
  },
  {
    name: 'a token minted without the store is shared over a purge',
    edits: [edit('core/protocol/upkeep.js', "if (acquired.reason !== 'invalidated' && !isOver)", 'if (!isOver)')],
  },
  {
    name: 'the time that a lease was held is counted from before it was granted',
    edits: [
      edit(
        'core/store-client/store-client.js',
        'const { minTtlMs = 0, refusedGeneration } = wanted;',
        'const { minTtlMs = 0, refusedGeneration } = wanted; const askedAt = this.clock.monotonic();',
      ),
      edit(
        'core/store-client/store-client.js',
        'this.grantedAt.set(acquired.lease, this.clock.monotonic())',
        'this.grantedAt.set(acquired.lease, askedAt)',
      ),
    ],
  },
  {
    name: 'a purge does not void the mint in flight',
    edits: [
      edit(
        'core/slot/slot.js',
        'const fence = Math.max(slot.fence + 1, inUs(now) + 999);',
        'const fence = slot.fence;',
      ),
      edit('core/slot/slot.js', 'fence, purged: fence, invalidated: 1', 'fence, invalidated: 1'),
    ],
    faults: ['tokens are purged'],
  },
  {
    name: 'a purge does not abort the mint in flight',
    edits: [edit('core/source-client/source-client.js', "if (event.type === 'purged' && keyId", 'if (false && keyId')],
  },
  {
    name: 'a purge does not void what was minted without a lease',
    edits: [
      edit(
        'core/contract/mint-fence.js',
        "if (fence === WITHOUT_LEASE) return type === 'purged';",
        'if (fence === WITHOUT_LEASE) return false;',
      ),
    ],
    faults: ['tokens are purged', 'processes are cut off'],
  },
  {
    name: 'a purge voids mints that began after it',
    edits: [
      edit(
        'core/contract/mint-fence.js',
        "(type === 'purged' || type === 'invalidated') && fence <= upTo",
        "type === 'purged' || (type === 'invalidated' && fence <= upTo)",
      ),
    ],
    faults: ['tokens are purged'],
  },
  {
    name: 'the fence restarts when its record is lost',
    edits: [edit('core/slot/slot.js', ': Math.max(slot.fence + 1, inUs(now));', ': slot.fence + 1;')],
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
    edits: [
      edit(
        'core/store-client/store-client.js',
        'const unanswered = this.unanswered.get(id);',
        'const unanswered = undefined;',
      ),
    ],
    faults: ['messages are lost'],
  },
  {
    name: 'a failure is not shared',
    edits: [
      edit(
        'core/protocol/leased-mint.js',
        'closing.aborted ? undefined : rememberedFailure(error, remainingMs)',
        'undefined',
      ),
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
    edits: [
      edit('core/source-client/cooldown.js', 'if (retryAfterMs > 0) return Math.ceil', 'if (false) return Math.ceil'),
    ],
    faults: ['the source throttles'],
  },
  {
    name: 'requests of different tenants share a key',
    edits: [edit('core/config/token-key.js', 'resource, tenant, subject];', 'resource, subject];')],
  },
  {
    name: 'the callers of one process do not share a flight',
    edits: [edit('core/protocol/flights.js', 'const current = this.flights.get(keyId);', 'const current = undefined;')],
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
        "if (acquired.outcome === 'hit') tokens.admit(key, acquired.token, sentAt, watch);",
        "if (acquired.outcome === 'hit') await leasedMint.mint(key, { lease: { nonce: '', fence: acquired.token.fence, leaseMs: 1000 }, reason: 'refresh', failures: 0 }, watch);",
      ),
    ],
  },
  {
    name: 'a waiter that waited for long mints without the lease',
    edits: [
      edit(
        'core/protocol/acquisition.js',
        'way.waitedSince ??= sentAt;',
        "way.waitedSince ??= sentAt; if (key.integration.policy.whenStoreUnavailable !== 'fail' && sentAt - way.waitedSince > 300) return this.withoutStore(way, new Error('busy'));",
      ),
    ],
  },
  {
    name: 'a token in hand is not used when the store is gone',
    edits: [edit('core/protocol/acquisition.js', 'if (inHand) return inHand; try {', 'try {')],
    faults: ['the store restarts with its data'],
  },
  {
    name: 'a store call has no time limit',
    edits: [
      edit(
        'core/store-client/time-limit.js',
        'return await Promise.race([work(() => limit.isOver), limit.end]);',
        'limit.end.catch(() => {}); return await work(() => limit.isOver);',
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
    name: 'the failure of a renewal is unhandled',
    edits: [
      edit(
        'core/protocol/leased-mint.js',
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
        'core/protocol/leased-mint.js',
        "catch { if (watch.hasVoided(fence)) return 'voided';",
        "catch (error) { throw error; if (watch.hasVoided(fence)) return 'voided';",
      ),
    ],
    faults: ['messages are lost'],
  },
  {
    name: 'a stalled event loop counts as a dead store',
    edits: [
      edit('core/store-client/time-limit.js', 'if (this.clock.afterInput)', 'if (false)'),
      edit('core/store-client/time-limit.js', 'const PARTS = 4;', 'const PARTS = 1;'),
    ],
    faults: ['an event loop stalls'],
  },
  {
    name: 'a dead shard makes the healthy ones unavailable',
    edits: [edit('core/store-client/guarded-store.js', "this.store.nodeOf?.(keyId) ?? ''", "''")],
    faults: ['a shard is dead'],
  },
];
