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
  /** The seed that is tried first, since it shows it; `npm run simulate -- --mutations` finds another. @defaultValue 1 */
  readonly seed?: number;
  /** The schedule that shows it, where its moment is too short for chance. @defaultValue seeds are tried */
  readonly schedule?: string;
}

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });

const VOID_IS_NOT_HEEDED = edit(
  'core/store-client/store-client.js',
  "this.onVoided(key.id, acquired.voidedUpTo, acquired.outcome === 'hit' ? undefined : acquired.rejected);",
  '',
);

/** What others got wrong, and what we could have; the simulation must find each. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'a waiter does not look again before it mints',
    edits: [
      edit(
        'core/protocol/inquiry.js',
        'minTtlMs: way.demand.minLifeMs }',
        'minTtlMs: way.waitedSince === undefined ? 0 : 1e12 }',
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
      edit(
        'core/slot/slot.js',
        'record ? record.fence > fence || record.published >= fence : isStale(lease, now)',
        'false',
      ),
    ],
    faults: ['a process is paused', 'messages are slow'],
    seed: 5,
  },
  {
    name: 'a release does not ask whose lease it is',
    edits: [edit('core/slot/slot-state.js', 'slot.nonce === nonce && slot.fence === fence', "slot.nonce !== ''")],
    faults: ['a process is paused', 'messages are slow', 'the source fails'],
    seed: 5,
  },
  {
    name: 'a waiter registers after the call that tells it to wait',
    edits: [
      edit(
        'core/protocol/acquisition.js',
        'await way.watch.wait({ askedAt: sentAt.monotonicAt, leaseEndsInMs });',
        '{ way.watch.close(); way.watch = this.parts.storeEvents.watch(way.key.id); await way.watch.wait({ askedAt: sentAt.monotonicAt, leaseEndsInMs }); }',
      ),
    ],
    schedule: 'the event that tells of a token overtakes the answer that tells to wait',
  },
  {
    name: 'waiters are not woken when the event channel comes up',
    edits: [
      edit(
        'core/store-client/store-events.js',
        'this.arriveSince = arriveSince; this.wakeAll();',
        'this.arriveSince = arriveSince;',
      ),
    ],
    schedule: 'a token is stored just before the event channel of a waiter comes up',
  },
  {
    name: 'a reply that was overtaken takes the place of a newer token',
    edits: [edit('core/in-hand/tokens-in-hand.js', 'return isOvertaking || isOutlived', 'return isOutlived')],
    schedule: 'the reply to a look-up is overtaken by a refresh, and then the store is gone',
  },
  {
    name: 'a lease is not renewed',
    edits: [
      edit(
        'core/protocol/lease-renewal.js',
        'schedule(Math.max(0, store.leaseLeftMs(lease) - 2 * everyMs)); return',
        'return',
      ),
    ],
    faults: ['the source is slow'],
  },
  {
    name: 'waiters come back late to the lease of a dead process',
    edits: [edit('core/store-client/store-events.js', 'LEASE_END_JITTER_MS = 50', 'LEASE_END_JITTER_MS = 5000')],
    faults: ['a process is killed'],
    seed: 18,
  },
  {
    name: 'waiters do not poll a store without events',
    edits: [edit('core/store-client/looks.js', 'Math.min(restMs, look.pace.pauseMs())', 'restMs')],
    faults: ['an event channel breaks'],
    seed: 9,
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
    seed: 5,
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
        "if (event.type === 'purged') this.remove(event.keyId);",
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
        'channel.isInterrupted ? now.monotonicAt - confirmed.monotonicAt < policy.maxAgeMs : channel.hasHeardSince(confirmed.monotonicAt)',
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
    edits: [edit('core/slot/slot.js', '...paceOf(slot),', 'rejected: 0, replacedAt: 0, paceMs: 0,')],
    faults: ['the upstream refuses every token'],
  },
  {
    name: 'a rejected token is no better than an error',
    edits: [
      edit(
        'core/protocol/acquisition.js',
        'const held = this.parts.tokens.lastResort(way.key.id); if (!held || !livesLongEnough(held, way.demand, this.present())) throw error;',
        'const held = undefined; throw error;',
      ),
    ],
    faults: ['tokens are revoked', 'the source fails'],
  },
  {
    name: 'a refused call is not sent again',
    edits: [
      edit(
        'core/door/with-token.js',
        'const successor = await this.successorOf(key, token, asking);',
        'const successor = undefined;',
      ),
    ],
    seed: 11,
  },
  {
    name: 'an answer on its way outlives a rejection and a purge',
    edits: [edit('core/store-client/key-watch.js', 'some((event) => voids(event, fence))', 'some(() => false)')],
    faults: ['a token is purged as soon as it is shared', 'messages are slow'],
    seed: 3,
  },
  {
    name: 'a purged token is shared again by its holder',
    edits: [VOID_IS_NOT_HEEDED],
    faults: ['tokens are purged', 'an event channel is deaf'],
  },
  {
    name: 'a rejected token is shared again by its holder',
    edits: [
      VOID_IS_NOT_HEEDED,
      edit('core/protocol/acquisition.js', 'this.admitRejected(way, acquired.rejected, sentAt);', ''),
    ],
    faults: ['tokens are revoked', 'an event channel is deaf'],
    seed: 3,
  },
  {
    name: 'a token minted without the store is shared over a purge',
    edits: [VOID_IS_NOT_HEEDED],
    faults: ['a process that is cut off misses a purge'],
  },
  {
    name: 'the time that a lease was held is counted from before it was granted',
    edits: [
      edit(
        'core/store-client/store-client.js',
        'this.note(key, acquired, sentAt.monotonicAt);',
        "this.note(key, acquired, sentAt.monotonicAt); if (acquired.outcome === 'lease') this.answeredAt.set(acquired.lease, sentAt.monotonicAt);",
      ),
    ],
  },
  {
    name: 'the end of a token is reckoned from another call than the one that was answered',
    edits: [
      edit(
        'core/store-client/store-client.js',
        'return { acquired: await store.acquire(addressOf(key), attempt), sentAt };',
        'this.lastSentAt = sentAt; return { acquired: await store.acquire(addressOf(key), attempt), sentAt: this.lastSentAt };',
      ),
    ],
    faults: ['the machine sleeps'],
    seed: 7,
  },
  {
    name: 'a purge does not void the mint in flight',
    edits: [
      edit(
        'core/slot/slot.js',
        'const fence = Math.max(slot.fence + 1, endOfMsInUs(now));',
        'const fence = slot.fence;',
      ),
      edit('core/slot/slot.js', 'fence, voided: fence, invalidated: 1', 'fence, invalidated: 1'),
    ],
    faults: ['tokens are purged', 'an event channel is deaf'],
  },
  {
    name: 'a purge does not abort the mint in flight',
    edits: [edit('core/source-client/source-client.js', 'if (isPurge(event) && concerns', 'if (false && concerns')],
    faults: ['tokens are purged', 'answers of the source are lost'],
  },
  {
    name: 'a purge does not void what was minted without a lease',
    edits: [
      edit(
        'core/contract/held-token.js',
        "(sharing.state !== 'unshared' || isPurge(event))",
        "sharing.state !== 'unshared'",
      ),
    ],
    faults: ['tokens are purged', 'processes are cut off'],
  },
  {
    name: 'a purge voids mints that began after it',
    edits: [
      edit(
        'core/contract/mint-fence.js',
        "(isPurge(event) || event.type === 'invalidated') && (event.fence === undefined || fence <= event.fence)",
        "isPurge(event) || (event.type === 'invalidated' && fence <= event.fence)",
      ),
    ],
    faults: ['tokens are purged'],
    seed: 5,
  },
  {
    name: 'the store knows nothing of a purge of all tokens',
    edits: [edit('core/slot/group-purge.js', 'if (slot.groupPurge === purge) return slot;', 'return slot;')],
    faults: ['all tokens of an integration are purged', 'an event channel is deaf'],
  },
  {
    name: 'a commit knows nothing of a purge of all tokens',
    edits: [
      edit(
        'core/slot/memory-token-store.js',
        'this.#run(keyId, (known, now) => commit(',
        'this.#run(parseKeyId(keyId).id, (known, now) => commit(',
      ),
    ],
    faults: ['all tokens of an integration are purged', 'an event channel is deaf'],
  },
  {
    name: 'a purge of all tokens does not reach a key without a record',
    edits: [
      edit('core/slot/group-purge.js', 'return { ...NOTHING, fence: purge, voided: purge };', 'return undefined;'),
    ],
    faults: ['a process that is cut off misses a purge of all tokens'],
  },
  {
    name: 'what is written after a purge of all tokens counts as written before',
    edits: [edit('core/slot/group-purge.js', 'groupPurge: purge', 'groupPurge: 0')],
    faults: ['all tokens of an integration are purged'],
  },
  {
    name: 'the near cache does not hear of a purge of all tokens',
    edits: [edit('core/in-hand/tokens-in-hand.js', 'if (!concerns(event, entry.key)) continue;', 'continue;')],
    faults: ['all tokens of an integration are purged'],
  },
  {
    name: 'a purge of all tokens does not abort the mints in flight',
    edits: [edit('core/source-client/source-client.js', 'concerns(event, key)', 'event.keyId === key.id')],
    faults: ['all tokens of an integration are purged', 'answers of the source are lost'],
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
    edits: [edit('core/store-client/store-client.js', 'nonce: this.process,', 'nonce: randomUUID(),')],
    faults: ['messages are lost'],
  },
  {
    name: 'a lease is extended by granting it again',
    edits: [edit('core/slot/slot.js', 'slot: isHeld ? undefined :', 'slot:')],
    faults: ['a process does not hear the store in time'],
    seed: 9,
  },
  {
    name: 'a failure is not shared',
    edits: [
      edit(
        'core/protocol/mints.js',
        'closing.aborted ? undefined : rememberedFailure(error, remainingMs, store.process)',
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
    seed: 2,
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
        "if (acquired.outcome === 'hit') await mints.underLease(key, { lease: { nonce: '', fence: acquired.token.fence, leaseMs: 1000 }, reason: 'refresh', failures: 0, voidedUpTo: 0 }, place).result;",
      ),
    ],
  },
  {
    name: 'a waiter that waited for long mints without the lease',
    edits: [
      edit(
        'core/protocol/acquisition.js',
        'way.waitedSince ??= sentAt.monotonicAt;',
        "way.waitedSince ??= sentAt.monotonicAt; if (way.key.integration.policy.whenStoreUnavailable !== 'fail' && sentAt.monotonicAt - way.waitedSince > 300) return this.withoutStore(way, new Error('busy'));",
      ),
    ],
    faults: ['the source is slow'],
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
        'return await Promise.race([work, this.end]);',
        'this.end.catch(() => {}); return await work;',
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
        'core/protocol/lease-renewal.js',
        'await store.renew(key, lease).catch(() => true)',
        'await store.renew(key, lease)',
      ),
    ],
    faults: ['messages are lost'],
    seed: 5,
  },
  {
    name: 'a commit without an answer fails the mint',
    edits: [
      edit(
        'core/protocol/publishing.js',
        "catch { if (watch.hasVoided(fence)) return 'voided';",
        "catch (error) { throw error; if (watch.hasVoided(fence)) return 'voided';",
      ),
    ],
    faults: ['messages are lost'],
  },
  {
    name: 'a stalled event loop counts as a dead store',
    edits: [
      edit(
        'core/store-client/time-limit.js',
        'afterInput(this.clock, () => {',
        '((_, now) => now())(this.clock, () => {',
      ),
      edit('core/store-client/time-limit.js', 'const PARTS = 4;', 'const PARTS = 1;'),
    ],
    faults: ['an event loop stalls'],
    seed: 2,
  },
  {
    name: 'a dead shard makes the healthy ones unavailable',
    edits: [edit('core/store-client/guarded-store.js', "this.store.nodeOf?.(keyId) ?? ''", "''")],
    faults: ['a shard is dead', 'tokens are revoked'],
  },
  {
    name: 'a token in hand is not looked at while another process mints',
    edits: [
      edit(
        'core/protocol/acquisition.js',
        'if (inHand) return this.offer',
        "if (inHand && acquired.outcome !== 'wait') return this.offer",
      ),
    ],
    faults: ['the store comes back empty to a source that fails'],
    seed: 2,
  },
  {
    name: 'a token in hand is not looked at during a cool-down',
    edits: [
      edit(
        'core/protocol/acquisition.js',
        'if (inHand) return this.offer',
        "if (inHand && acquired.outcome !== 'cooling') return this.offer",
      ),
      edit(
        'core/protocol/acquisition.js',
        'return (await this.atHand(way)) ?? this.lastResort(way, errorOf(cooldown',
        'throw (errorOf(cooldown',
      ),
      edit('core/protocol/token-supply.js', 'if (held && serves(held, demand, now)) return held;', ''),
    ],
    faults: ['the store comes back empty to a source that fails'],
  },
  {
    name: 'an offer ignores what is void',
    edits: [
      edit('core/slot/offer.js', "if (generation <= voidedUpTo(slot)) return { answer: { outcome: 'voided' } };", ''),
      VOID_IS_NOT_HEEDED,
    ],
    faults: ['a process that is cut off misses a purge', 'the source throttles'],
  },
  {
    name: 'a token that is superseded by nothing is dropped',
    edits: [
      edit(
        'core/protocol/publishing.js',
        "return { held: keep(sentAt, { state: 'unshared' }), outcome: 'local' };",
        "return 'voided';",
      ),
    ],
    faults: ['a holder freezes in the middle of a mint'],
  },
  {
    name: 'a commit without an answer is not sent again',
    edits: [edit('core/protocol/mints.js', 'publishing.shareAgain(key, inHand);', ';')],
    faults: ['commits are reset'],
  },
  {
    name: 'a commit that is sent again forgets that its token was rejected',
    edits: [
      edit(
        'core/protocol/publishing.js',
        'tokens.keepShared(key, held, lease.fence, sentAt, sharing, wasRejected)',
        'held.token.generation === lease.fence ? tokens.keep(key, freshFrom(held), lease.fence, sentAt, sharing) : tokens.keepShared(key, held, lease.fence, sentAt, sharing, wasRejected)',
      ),
    ],
    schedule: 'a token is reported twice while its commit has no answer',
  },
  {
    name: 'callers do not notice that the lease of their mint is lost',
    edits: [
      edit(
        'core/protocol/acquisition.js',
        'Promise.race([leaseLost, way.watch.overtaken(fence)])',
        'way.watch.overtaken(fence)',
      ),
    ],
    faults: ['a holder freezes in the middle of a mint', 'answers of the source are lost', 'the source is slow'],
    seed: 107,
  },
  {
    name: 'the store is not asked again until a known cool-down is over',
    edits: [edit('core/protocol/known-cooldowns.js', 'this.passedMs(known) < ASK_AGAIN_MS', 'true')],
    faults: ['a process is sick'],
    seed: 5,
  },
  {
    name: 'every caller asks the store for a known cool-down',
    edits: [edit('core/protocol/acquisition.js', 'if (known) return this.coolDown(way, known);', '')],
    faults: ['the source fails'],
  },
  {
    name: 'a failure that concerns one process binds the fleet',
    edits: [
      edit(
        'core/source-client/cooldown.js',
        "bindingOf(error) === 'process' ? { ...remembered, process } : remembered",
        'remembered',
      ),
    ],
    faults: ['a process is sick'],
  },
  {
    name: 'a token that no other process has is evicted',
    edits: [
      edit(
        'core/in-hand/tokens-in-hand.js',
        "if (held.sharing.state === 'shared') this.entries.set",
        'if (held) this.entries.set',
      ),
    ],
    faults: ['the store goes away and the near cache is small'],
  },
  {
    name: 'hard expiry by the wall clock is not looked at',
    edits: [
      edit(
        'core/contract/moment.js',
        'Math.min(end.monotonicAt - now.monotonicAt, end.wallAt - now.wallAt)',
        'end.monotonicAt - now.monotonicAt',
      ),
    ],
    faults: ['a process sleeps'],
  },
  {
    name: 'a caller is given a token that ends sooner than it needs',
    edits: [edit('core/in-hand/demand.js', 'minLifeMs === 0 || leftMs(ends, now) >= minLifeMs', 'true')],
  },
  {
    name: 'the near cache is trusted after a sleep',
    edits: [
      edit('core/in-hand/tokens-in-hand.js', 'wasClockSet(confirmed, now)) return false;', 'false) return false;'),
    ],
    faults: ['a process sleeps through a purge'],
    seed: 4,
  },
  {
    name: 'a process that is granted a lease begins another mint beside its own',
    edits: [
      edit(
        'core/protocol/mints.js',
        'if (!current || current.right.fence <= granted.voidedUpTo) return false;',
        'return false;',
      ),
    ],
    faults: ['processes are cut off'],
    seed: 5,
  },
  {
    name: 'the flights of a process are holders of their own',
    edits: [
      edit(
        'core/store-client/store-client.js',
        'nonce: this.process,',
        'nonce: `${this.process} ${refusedGeneration}`,',
      ),
    ],
    faults: ['tokens are revoked', 'messages are lost'],
  },
  {
    name: 'the fence of a mint without a lease lies above purges to come',
    edits: [
      edit(
        'core/store-client/store-client.js',
        'return this.raise(key, newest + 1);',
        'return this.raise(key, newest + 3.6e9);',
      ),
    ],
    faults: ['a process that is cut off misses a purge'],
  },
  {
    name: 'a look-up takes a token into hand that is marked as rejected',
    edits: [edit('core/protocol/look-up.js', 'if (token && !isRejected)', 'if (token)')],
    faults: ['tokens are revoked'],
    seed: 5,
  },
  {
    name: 'a look-up does not tell of what the fleet shares',
    edits: [edit('core/protocol/look-up.js', 'if (token && !isRejected)', 'if (false)')],
    seed: 9,
  },
  {
    name: 'a look-up does not know of a rejection that the store missed',
    edits: [edit('core/protocol/rejections.js', 'return isMissed ?', 'return false ?')],
    schedule: 'somebody looks at a token whose rejection the store has not heard of',
  },
  {
    name: 'a look gives a token in hand that was rejected',
    edits: [
      edit(
        'core/token-client.js',
        'this.parts.tokens.trusted(key.id, momentOf(this.config.clock))',
        'this.parts.tokens.lastResort(key.id)',
      ),
    ],
    faults: ['tokens are revoked'],
    seed: 3,
  },
  {
    name: 'a look fails with a token in hand when the store does not answer',
    edits: [
      edit(
        'core/protocol/look-up.js',
        'const held = inHand();\n            if (held)',
        'const held = undefined;\n            if (held)',
      ),
    ],
    seed: 2,
  },
];
