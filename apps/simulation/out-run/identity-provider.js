import { usableMs } from './book.js';
import { Host } from './host.js';
export const RETRY_AFTER_MS = 7_000;
/** The identity provider: it checks no fence, keeps a book of every token, and has moods. */
export class IdentityProvider {
    mood;
    time;
    library;
    policy;
    chance;
    history;
    host = new Host('idp');
    tokens = new Map();
    calls = [];
    /** Of the token that lived shortest. */
    leastUsableMs = Number.POSITIVE_INFINITY;
    /** The tokens that were given again, and how often in all. */
    repeated = new Set();
    repetitions = 0;
    /** What befalls the calls of single processes: an outdated secret, a broken egress. */
    sick = new Map();
    everSick = new Set();
    onCall = () => { };
    onFailure = () => { };
    constructor(mood, time, library, policy, chance, history) {
        this.mood = mood;
        this.time = time;
        this.library = library;
        this.policy = policy;
        this.chance = chance;
        this.history = history;
    }
    /** One call to the token endpoint from a process, as a token source makes it. */
    mint(process, request, { signal, fence, integration }) {
        const { time } = this;
        const label = labelOf(integration, request);
        const number = this.calls.length + 1;
        const call = {
            number,
            label,
            process: process.name,
            fence,
            sentAt: time.now,
            isRunning: true,
        };
        this.calls.push(call);
        const right = () => (fence === 0 ? 'without a lease' : `under ${this.history.fencesOf(label)(fence)}`);
        this.history.say(process.name, () => `asks the source for t${number} ${right()}`, call);
        this.onCall(call);
        return new Promise((resolve, reject) => {
            signal.addEventListener('abort', () => {
                call.isRunning = false;
                reject(signal.reason);
            });
            const reply = (settle) => {
                time.after(this.networkMs(), process, () => {
                    if (!call.isRunning)
                        return;
                    call.isRunning = false;
                    settle();
                });
            };
            time.after(this.networkMs() + this.thinkingMs(), this.host, () => this.answer(call, reply, resolve, reject));
        });
    }
    answer(call, reply, resolve, reject) {
        const { failureRate, failures, loseReplies } = this.mood;
        const failure = this.sick.get(call.process) ?? (this.chance.happens(failureRate) && this.chance.pick(failures));
        if (failure) {
            this.history.say('idp', `answers t${call.number} with ${failure}`, call);
            return reply(() => {
                this.onFailure(call, failure);
                reject(this.errorOf(failure));
            });
        }
        const { accessToken, expiresInMs } = this.repeat(call) ?? this.issue(call);
        if (this.chance.happens(loseReplies))
            return this.history.say('idp', `issues ${accessToken}, and the answer is lost`, call);
        this.history.say('idp', `issues ${accessToken} for ${String(expiresInMs)} ms`, call);
        reply(() => resolve({ accessToken, expiresInMs: expiresInMs }));
    }
    issue({ number, label, sentAt }) {
        const { expiresInMs } = this.mood;
        const { now } = this.time;
        const accessToken = `t${number}`;
        const usable = usableMs(expiresInMs, this.policy);
        this.leastUsableMs = Math.min(this.leastUsableMs, usable);
        const endsAt = typeof expiresInMs === 'number' && expiresInMs > 0 ? now + expiresInMs : Number.POSITIVE_INFINITY;
        const hardExpiryAt = sentAt + usable;
        const token = { accessToken, label, issuedAt: now, hardExpiryAt, soonestExpiryAt: hardExpiryAt, endsAt };
        this.tokens.set(accessToken, { ...token, isRevoked: false });
        return { accessToken, expiresInMs };
    }
    /** Gives the last token of that request again, if it is that kind of provider and the token still lives. */
    repeat({ label, sentAt }) {
        const { repeats, expiresInMs } = this.mood;
        const { now } = this.time;
        const last = repeats && [...this.tokens.values()].findLast((token) => token.label === label);
        if (!last || last.isRevoked || last.endsAt <= now || last.endsAt === Number.POSITIVE_INFINITY)
            return undefined;
        // Servers state whole seconds: what is left may be 0.
        const stated = repeats === 'whole' ? expiresInMs : Math.floor((last.endsAt - now) / 1_000) * 1_000;
        // Zero says that it is over, and not that nothing is known.
        const usable = stated === 0 ? 0 : usableMs(stated, this.policy);
        last.hardExpiryAt = Math.max(last.hardExpiryAt, sentAt + usable);
        last.soonestExpiryAt = Math.min(last.soonestExpiryAt, sentAt + usable);
        this.leastUsableMs = Math.min(this.leastUsableMs, usable);
        this.repeated.add(last.accessToken);
        this.repetitions++;
        return { accessToken: last.accessToken, expiresInMs: stated };
    }
    errorOf(failure) {
        const { TokenSourceRejectedError, TokenSourceUnavailableError } = this.library;
        switch (failure) {
            case 'unavailable':
                return new TokenSourceUnavailableError('503');
            case 'throttled':
                return new TokenSourceUnavailableError('429', { retryAfterMs: RETRY_AFTER_MS });
            case 'rejected':
                return new TokenSourceRejectedError('400', { oauthError: 'invalid_client' });
            case 'odd':
                return new Error('socket hang up');
            case 'unreachable':
                return new TokenSourceUnavailableError('cannot connect', { cause: new Error('connect ECONNREFUSED') });
        }
    }
    networkMs() {
        return 0.2 + this.chance.exponential(2);
    }
    thinkingMs() {
        const { slownessMs } = this.mood;
        return this.chance.between(slownessMs / 4, slownessMs);
    }
}
/** A request as the provider tells it from others. */
export function labelOf(integration, request) {
    const details = Object.entries(request).map(([name, value]) => `${name}=${[value].flat().join(',')}`);
    return [integration, ...details].join(' ');
}
//# sourceMappingURL=identity-provider.js.map