import { disturbs } from './weather.js';
/** What messages of a calm network take together, at most: several one after another. */
export const NETWORK_MS = 80;
/** What every judge can know, being outside of the world: how strictly it may judge, and the truth behind what processes see. */
export class Witness {
    world;
    verdict;
    /** Nothing is wrong that a caller could notice. */
    isCalm;
    /** With the store, the way to it and the processes in order, the fleet mints only what it needs. */
    isOrderly;
    eventsArrive;
    constructor(world) {
        this.world = world;
        this.verdict = world.verdict;
        this.isCalm = !disturbs(world.weather, 'processes', 'network', 'server', 'callers', 'failures', 'stalls', 'shard', 'upstream');
        this.isOrderly = !disturbs(world.weather, 'processes', 'network', 'server');
        this.eventsArrive = world.weather.hasEvents && !disturbs(world.weather, 'events');
    }
    /** Nothing stands between the processes and the part of the store that a request goes to. */
    isOrderlyFor(label) {
        return this.isOrderly && !this.world.server.everBroken.has(this.world.keyIds.get(label) ?? '');
    }
    get now() {
        return this.world.time.now;
    }
    truthOf(label) {
        const keyId = this.world.keyIds.get(label);
        return keyId === undefined ? undefined : this.world.server.truths.get(keyId);
    }
    /** By the provider's book, or sooner where the store took off its life what a commit took to arrive. */
    hardExpiryOf({ accessToken, storedAt, ttlMs }) {
        return Math.min(this.world.idp.tokens.get(accessToken)?.hardExpiryAt ?? 0, storedAt + ttlMs);
    }
    /** When a process may have to believe that a token is over: by the provider's book, or sooner if it has it from the store. */
    soonestEndOf(label, { accessToken, soonestExpiryAt }) {
        const shared = this.truthOf(label)?.published.filter((token) => token.accessToken === accessToken) ?? [];
        return Math.min(soonestExpiryAt, ...shared.map((token) => this.hardExpiryOf(token)));
    }
    wasVoided(label, accessToken) {
        const { everyone, server } = this.world;
        const wasRejected = everyone.some(({ rejectedAt }) => rejectedAt.has(accessToken));
        // With a token everything goes that is older, and after a loss of data that may be anything.
        const truth = this.truthOf(label);
        const wereDropped = (truth?.marks.size ?? 0) > 0 || truth?.refused.has(accessToken) === true;
        return wasRejected || wereDropped || this.wasPurged(label) || server.clockSteps > 0;
    }
    wasPurged(label) {
        return ((this.truthOf(label)?.purgedAt.length ?? 0) > 0 || this.world.everyone.some(({ purged }) => purged.has(label)));
    }
    pendingSince(label, at, concerns = () => true) {
        for (const process of this.world.processes) {
            if (process.host.isPaused || !concerns(process))
                continue;
            for (const caller of process.pending)
                if (caller.request.label === label && caller.askedAt <= at)
                    return caller;
        }
        return undefined;
    }
}
//# sourceMappingURL=witness.js.map