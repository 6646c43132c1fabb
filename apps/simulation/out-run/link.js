const LEAST_DELAY_MS = 0.1;
/** A connection that broke is noticed after this, if at all. */
const NOTICED_AFTER_MS = 30;
const NEVER_NOTICED = 0.5;
/** One process's way to the store and back. */
export class Link {
    time;
    server;
    host;
    chance;
    usualDelayMs;
    conditions;
    calls = 0;
    constructor(time, server, host, chance, usualDelayMs) {
        this.time = time;
        this.server = server;
        this.host = host;
        this.chance = chance;
        this.usualDelayMs = usualDelayMs;
        this.conditions = this.calm();
    }
    /** Everything arrives, once and soon. */
    calm() {
        return (this.conditions = { delayMs: this.usualDelayMs, loseRequests: 0, loseReplies: 0, duplicate: 0 });
    }
    call(operation, args) {
        this.calls++;
        const isSentTwice = this.chance.happens(this.conditions.duplicate);
        const call = { operation, args, process: this.host.name, sentAt: this.time.now, isSentTwice };
        return new Promise((resolve, reject) => {
            this.send(call, resolve, reject);
            if (isSentTwice) {
                const again = () => this.send(call, resolve, reject);
                this.time.after(this.chance.exponential(200), this.host, again);
            }
        });
    }
    delay() {
        return LEAST_DELAY_MS + this.chance.exponential(this.conditions.delayMs);
    }
    send(call, resolve, reject) {
        const { time, server, host, conditions } = this;
        if (this.chance.happens(conditions.loseRequests))
            return this.lose(call, 'the request is lost', reject);
        const arrive = () => {
            const state = server.stateFor(call);
            if (state !== 'up')
                return this.lose(call, `the store is ${state}`, reject, state === 'refusing');
            const reply = (settle, answer) => {
                if (this.chance.happens(this.conditions.loseReplies)) {
                    // A call that arrives once more after its lease was released is granted another, of which nobody can know.
                    if (isGrant(answer) && !call.isSentTwice)
                        server.truthOf(call.args[0]).unheard(call.process);
                    return this.lose(call, 'the answer is lost', reject);
                }
                time.after(this.delay(), host, settle);
            };
            server.execute(call).then((answer) => reply(() => {
                server.narrator.delivered(call, answer, time.now - call.sentAt);
                resolve(answer);
            }, answer), (error) => reply(() => {
                server.narrator.lost(call, String(error));
                reject(error);
            }));
        };
        time.after(this.delay() + server.slownessMs, server.host, arrive);
    }
    lose(call, why, reject, isRefused = false) {
        this.server.narrator.lost(call, why);
        if (!isRefused && this.chance.happens(NEVER_NOTICED))
            return;
        const afterMs = isRefused ? this.delay() : this.chance.exponential(NOTICED_AFTER_MS);
        this.time.after(afterMs, this.host, () => reject(new Error('ECONNRESET')));
    }
}
function isGrant(answer) {
    return answer?.outcome === 'lease';
}
//# sourceMappingURL=link.js.map