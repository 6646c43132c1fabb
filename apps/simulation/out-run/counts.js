export function noCounts() {
    const minted = { stored: 0, superseded: 0, local: 0, failed: 0 };
    const rejected = { replaced: 0, contested: 0, held: 0, stale: 0, excused: 0 };
    return { hits: 0, misses: 0, minted, leasesLost: 0, rejected };
}
/** An observer that counts. */
export function counting(library, counts) {
    class Counter extends library.TokenObserver {
        hit() {
            counts.hits++;
        }
        miss() {
            counts.misses++;
        }
        minted(_integration, { outcome }) {
            counts.minted[outcome]++;
        }
        leaseLost() {
            counts.leasesLost++;
        }
        rejected(_integration, outcome) {
            counts.rejected[outcome]++;
        }
    }
    return new Counter();
}
export function mintsOf({ minted }) {
    return minted.stored + minted.superseded + minted.local + minted.failed;
}
//# sourceMappingURL=counts.js.map