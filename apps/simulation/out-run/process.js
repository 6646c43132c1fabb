import { noCounts } from './counts.js';
/** One process of the fleet: the real service, its way to the store, and an account of its callers. */
export class Process {
    host;
    link;
    channel;
    client;
    counts = noCounts();
    pending = new Set();
    /** Access tokens that its callers were refused with, and when first. */
    rejectedAt = new Map();
    /** The token that each request was last answered with. */
    inHand = new Map();
    /** What the wall clock said beyond the true time when a token came to hand. */
    wallOffsetAt = new Map();
    /** What an operator told this process to forget, whether or not the store could be told. */
    purged = new Set();
    /** Access tokens that it alone had when it was told so. */
    purgedTokens = new Set();
    /** The newest generation that it gave out for each request, and when first. */
    newest = new Map();
    /** Requests to the upstream that are not over. */
    sending = 0;
    came = 0;
    left = 0;
    /** Calls of the token endpoint. */
    asked = 0;
    pausedMs = 0;
    pausedAt;
    resumedAt = 0;
    isClosing = false;
    isClosed = false;
    constructor(host, link, channel) {
        this.host = host;
        this.link = link;
        this.channel = channel;
    }
    get name() {
        return this.host.name;
    }
    /** Whether it can be asked for tokens. */
    get serves() {
        return !this.host.isDead && !this.isClosing;
    }
    isWaitingFor(label) {
        for (const { request } of this.pending)
            if (request.label === label)
                return true;
        return false;
    }
    /** The store as this process sees it: through its link, and its event channel if there is one. */
    store(onClose) {
        const call = (operation) => (...args) => this.link.call(operation, args);
        return {
            ...(this.channel && { events: this.channel }),
            peek: call('peek'),
            acquire: call('acquire'),
            renew: call('renew'),
            commit: call('commit'),
            fail: call('fail'),
            invalidate: call('invalidate'),
            purge: call('purge'),
            ping: call('ping'),
            close: async () => onClose(),
        };
    }
}
//# sourceMappingURL=process.js.map