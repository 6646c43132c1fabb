import { FenceNames } from './fence-names.js';
/** What happened in a run, in order. A campaign keeps none: to collect it costs more than to live through the run. */
export class History {
    clock;
    isKept;
    entries = [];
    labels = new Map();
    fences = new FenceNames();
    constructor(clock, isKept) {
        this.clock = clock;
        this.isKept = isKept;
    }
    /** @param what is put into words only when the history is kept */
    say(who, what, { label, integration, process } = {}) {
        if (!this.isKept)
            return;
        const words = typeof what === 'string' ? what : what();
        this.entries.push({ at: this.clock.now, who, what: words, label, integration, process });
    }
    /** Tells what callers call a key of the store. */
    learnKey(keyId, label) {
        this.labels.set(keyId, label);
    }
    labelOf(keyId) {
        return this.labels.get(keyId) ?? keyId;
    }
    fencesOf(label) {
        return this.fences.of(label);
    }
}
//# sourceMappingURL=history.js.map