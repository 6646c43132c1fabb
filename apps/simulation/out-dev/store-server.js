import { Host } from './host.js';
import { keyIdOf } from './store-call.js';
import { StoreNarrator } from './store-narrator.js';
import { KeyTruth } from './store-truth.js';
/** The server that the fleet shares: the library's own steps behind a clock, a log for its replica, and a witness. */
export class StoreServer {
    time;
    library;
    history;
    verdict;
    host = new Host('store');
    state = 'up';
    /** What each call takes beyond the network. */
    slownessMs = 0;
    /** How far its clock was ever set back: lives and leases of then last longer by as much. */
    setBackMs = 0;
    clockSteps = 0;
    onEvent = () => { };
    onPublished = () => { };
    truths = new Map();
    narrator;
    /** Keys whose shard cannot be talked to, and all that ever were. */
    broken = new Map();
    everBroken = new Set();
    store;
    log = [];
    replaying;
    constructor(time, library, history, verdict) {
        this.time = time;
        this.library = library;
        this.history = history;
        this.verdict = verdict;
        this.narrator = new StoreNarrator(history);
        this.store = this.emptyStore();
        this.listen();
    }
    truthOf(keyId) {
        let truth = this.truths.get(keyId);
        if (!truth)
            this.truths.set(keyId, (truth = new KeyTruth(this.verdict)));
        return truth;
    }
    /** Whether the part of the server that a call goes to can be talked to. */
    stateFor(call) {
        return this.state === 'up' ? (this.broken.get(keyIdOf(call) ?? '') ?? 'up') : this.state;
    }
    breakKey(keyId, state) {
        this.broken.set(keyId, state);
        this.everBroken.add(keyId);
    }
    mendKey(keyId) {
        this.broken.delete(keyId);
    }
    async execute(call) {
        const { now } = this.time;
        const moment = { now, serverNow: this.clock(), process: call.process };
        this.log.push({ ...call, serverNow: moment.serverNow });
        const answer = await apply(this.store, call);
        this.narrator.executed(call, answer);
        this.witness(call, answer, moment);
        return answer;
    }
    /** Sets the clock; leases and lives are reckoned by it. */
    stepClock(byMs) {
        this.host.wallOffsetMs += byMs;
        this.setBackMs += Math.max(0, -byMs);
        this.clockSteps++;
        this.history.say('store', `its clock steps by ${byMs.toFixed(0)} ms`);
    }
    /** Comes back with nothing. */
    loseEverything() {
        this.failOver(Number.POSITIVE_INFINITY);
    }
    /** A replica takes over that has not heard of the last writes. */
    failOver(lostMs) {
        const known = this.log.filter(({ sentAt }) => sentAt <= this.time.now - lostMs);
        this.history.say('store', `goes on without the last ${this.log.length - known.length} of ${this.log.length} calls`);
        for (const truth of this.truths.values())
            truth.forget();
        this.log = [];
        this.store = this.emptyStore();
        for (const call of known)
            this.replay(call);
        this.listen();
    }
    /** The replica took the same steps in the same order; what it knows is the truth from now on. */
    replay(call) {
        this.replaying = call.serverNow;
        void apply(this.store, call);
        this.replaying = undefined;
        this.log.push(call);
    }
    emptyStore() {
        const clock = {
            now: () => this.clock(),
            monotonic: () => this.clock(),
            after: () => () => { },
        };
        return new this.library.MemoryTokenStore({ clock });
    }
    clock() {
        return this.replaying ?? this.time.wallClockOf(this.host);
    }
    listen() {
        const { store } = this;
        store.events?.subscribe({
            event: (event) => {
                if (store === this.store)
                    this.onEvent(event);
            },
            up: () => { },
            down: () => { },
        });
    }
    witness(call, answer, moment) {
        const { operation, args } = call;
        const truth = this.truthOf(args[0]);
        switch (operation) {
            case 'acquire':
                truth.acquired(answer, args[1], moment);
                break;
            case 'renew':
                truth.renewed(answer, args[1], moment);
                break;
            case 'commit':
                truth.committed(answer, args[1], args[2], args[3], moment);
                if (answer.outcome === 'stored' && truth.current)
                    this.onPublished(truth, truth.current);
                break;
            case 'fail':
                truth.failed(args[1], args[2], moment);
                break;
            case 'invalidate':
                truth.rejected(answer, args[1], moment);
                break;
            case 'purge':
                truth.purged(moment);
                break;
            case 'peek':
            case 'ping':
        }
    }
}
function apply(store, { operation, args }) {
    return Reflect.apply(store[operation], store, args);
}
//# sourceMappingURL=store-server.js.map