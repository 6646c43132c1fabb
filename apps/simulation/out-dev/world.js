import { counting } from './counts.js';
import { transportOf } from './door-caller.js';
import { EventChannel } from './event-channel.js';
import { History } from './history.js';
import { Host } from './host.js';
import { HandJudge } from './hand-judge.js';
import { IdentityProvider } from './identity-provider.js';
import { CallerJudge } from './caller-judge.js';
import { MintJudge } from './mint-judge.js';
import { ProcessJudge } from './process-judge.js';
import { Link } from './link.js';
import { telling } from './observer.js';
import { Process } from './process.js';
import { REQUESTS } from './requests.js';
import { RejectionJudge } from './rejection-judge.js';
import { StoreServer } from './store-server.js';
import { CALM_UPSTREAM, Upstream } from './upstream.js';
import { Verdict } from './verdict.js';
import { VirtualTime } from './virtual-time.js';
/** The fleet, what it shares, and everybody who uses it. */
export class World {
    weather;
    library;
    chance;
    time = new VirtualTime();
    history;
    verdict = new Verdict();
    server;
    idp;
    callers;
    mints;
    hands;
    rejections;
    fates;
    upstream = new Upstream();
    /** Those that are running. */
    processes = [];
    /** Those that ever ran. */
    everyone = [];
    requests;
    isHealed = false;
    /** What is to happen as soon as a token of a request is shared. */
    traps = new Map();
    /** What the store calls the requests. */
    keyIds = new Map();
    constructor(weather, library, chance, isTold = false) {
        this.weather = weather;
        this.library = library;
        this.chance = chance;
        const { time, verdict } = this;
        const history = (this.history = new History(time, isTold));
        this.server = new StoreServer(time, library, history, verdict);
        const mood = {
            slownessMs: weather.mintMs,
            failureRate: 0,
            failures: [],
            loseReplies: 0,
            expiresInMs: weather.lifeMs,
        };
        this.idp = new IdentityProvider(mood, time, library, weather.policy, chance.fork(), history);
        this.requests = REQUESTS.slice(0, weather.requests);
        this.hands = new HandJudge(this);
        this.rejections = new RejectionJudge(this);
        this.callers = new CallerJudge(this);
        this.mints = new MintJudge(this);
        this.fates = new ProcessJudge(this);
        this.idp.onCall = (call) => this.mints.mintBegins(call);
        this.idp.onFailure = (call, failure) => this.mints.mintFailed(call, failure);
        this.server.onPublished = (truth, token) => {
            this.rejections.published(truth, token);
            this.fates.published(truth, token);
            this.spring(this.idp.tokens.get(token.accessToken)?.label ?? '');
        };
        this.server.onEvent = (event) => {
            for (const { channel } of this.processes)
                channel?.publish(event);
        };
    }
    /** Names of the processes that hold a lease, as far as the store knows. */
    get holders() {
        return new Set([...this.server.truths.values()].flatMap(({ lease }) => lease?.process ?? []));
    }
    say(who, what, about) {
        this.history.say(who, what, about);
    }
    /** The end of something that a fault began; everything ends when the world heals. */
    later(delayMs, run) {
        this.time.after(delayMs, this.time.world, () => {
            if (!this.isHealed)
                run();
        });
    }
    start() {
        const { time, server } = this;
        const host = new Host(`p${this.everyone.length + 1}`, this.chance.whole(0, 1_000_000));
        host.wallOffsetMs = this.chance.between(-60_000, 60_000);
        const link = new Link(time, server, host, this.chance.fork(), this.weather.delayMs);
        const channel = this.weather.hasEvents ? new EventChannel(time, server, host, link) : undefined;
        const process = new Process(host, link, channel);
        this.processes.push(process);
        this.everyone.push(process);
        time.after(0, host, () => this.boot(process));
        return process;
    }
    kill(process) {
        this.say(process.name, 'is killed');
        process.host.isDead = true;
        this.processes = this.processes.filter((other) => other !== process);
        this.fates.died(process);
        process.pending.clear();
    }
    pause(process) {
        this.say(process.name, 'is paused');
        process.host.isPaused = true;
        process.pausedAt = this.time.now;
    }
    /** Its machine sleeps, and with it its monotonic clock. */
    suspend(process) {
        this.pause(process);
        this.say(process.name, 'sleeps');
        process.host.isSuspended = true;
    }
    resume(process, timersFirst = false) {
        if (!process.host.isPaused || process.host.isDead)
            return;
        const pausedMs = this.time.now - (process.pausedAt ?? this.time.now);
        this.say(process.name, `goes on after ${pausedMs.toFixed(0)} ms`);
        process.pausedMs += pausedMs;
        process.resumedAt = this.time.now;
        delete process.pausedAt;
        this.time.resume(process.host, timersFirst, pausedMs);
    }
    shutDown(process) {
        if (!process.serves)
            return;
        process.isClosing = true;
        this.processes = this.processes.filter((other) => other !== process);
        this.time.after(0, process.host, () => {
            this.say(process.name, 'shuts down');
            const beganAt = this.time.now;
            const pausedMsBefore = process.pausedMs;
            void process.client.close().then(() => {
                process.isClosed = true;
                this.fates.shutDown(process, this.time.now - beganAt - (process.pausedMs - pausedMsBefore));
            });
        });
    }
    /** A caller comes to a process, uses its token, and reports it if it is rejected. */
    ask(process, request, asking = {}) {
        this.time.after(0, process.host, () => {
            if (process.serves && process.client)
                void this.serve(process, request, asking);
        });
    }
    purge(process, { integration, asked, label }) {
        this.time.after(0, process.host, () => {
            if (!process.serves || !process.client)
                return;
            this.say(process.name, 'purges', { label });
            process.purged.add(label);
            const done = process.client.purge(integration, asked).catch((error) => this.callers.heard(error));
            void done.then(() => this.rejections.purged(process, label));
        });
    }
    /** A caller of each process. */
    askAll(request) {
        for (const process of this.processes)
            this.ask(process, request);
    }
    calmLinks(processes) {
        for (const { link } of processes)
            link.calm();
    }
    calmUpstream() {
        Object.assign(this.upstream.mood, CALM_UPSTREAM);
    }
    bringServerUp() {
        this.server.state = 'up';
        this.say('store', 'is up');
    }
    resumeServer() {
        this.time.resume(this.server.host, false);
    }
    /** Everything works again, from now on. */
    heal() {
        this.say('world', 'heals');
        this.isHealed = true;
        for (const process of this.everyone) {
            this.resume(process);
            if (process.channel)
                process.channel.extraDelayMs = 0;
            if (process.channel?.state === 'deaf')
                process.channel.break();
        }
        this.calmLinks(this.everyone);
        this.bringServerUp();
        this.resumeServer();
        this.server.slownessMs = 0;
        this.server.broken.clear();
        this.calmUpstream();
        const { mood, sick } = this.idp;
        sick.clear();
        Object.assign(mood, {
            slownessMs: this.weather.mintMs,
            failureRate: 0,
            loseReplies: 0,
            expiresInMs: this.weather.lifeMs,
            repeats: undefined,
        });
        while (this.processes.length < this.weather.processes)
            this.start();
    }
    /** Asks the library itself, with a store that listens. */
    async learnKeys() {
        const host = new Host('scout');
        const peek = (_operation, [keyId]) => Promise.resolve((asked = keyId));
        let asked;
        const scout = new Process(host, { call: peek }, undefined);
        this.boot(scout);
        for (const { integration, asked: request, label } of this.requests) {
            await scout.client.status(integration, request);
            this.keyIds.set(label, asked);
            this.history.learnKey(asked, label);
        }
        await scout.client.close();
    }
    spring(label) {
        this.traps.get(label)?.();
        this.traps.delete(label);
    }
    boot(process) {
        const { library, weather } = this;
        const mint = this.idp.mint.bind(this.idp, process.host);
        const source = { identity: 'idp', mint };
        const counted = (request, context) => {
            process.asked++;
            return mint(request, context);
        };
        const options = {
            ...weather.policy,
            nearCache: weather.nearCache,
            store: process.store(() => { }),
            integrations: {
                billing: { source: { ...source, mint: counted } },
                crm: { source: { ...source, mint: counted } },
            },
            random: this.chance.fork().random,
        };
        process.client = new library.TokenClient(options);
        process.client.observe(counting(library, process.counts));
        if (this.history.isKept)
            process.client.observe(telling(library, process.name, this.history));
    }
    /** A caller takes a token and uses it, or leaves that to the library. */
    async serve(process, request, asking) {
        const { time, callers } = this;
        const caller = callers.comes(process, request, asking.isLast ?? false);
        const leaving = new AbortController();
        if (asking.leavesAfterMs !== undefined)
            time.after(asking.leavesAfterMs, process.host, () => leaving.abort());
        const asked = this.chance.happens(0.5) ? request.asked : request.askedOtherwise;
        try {
            if (!asking.isByHand && this.chance.happens(0.5))
                return await this.send(caller, asked, leaving.signal);
            const token = await process.client.getToken(request.integration, asked, { signal: leaving.signal });
            callers.answered(caller, token);
            this.use(caller, token, asking);
        }
        catch (error) {
            if (leaving.signal.aborted && error === leaving.signal.reason)
                callers.leaves(caller);
            else if (caller.first)
                callers.refusedLater(caller, error);
            else
                callers.refused(caller, error);
        }
    }
    /** By the library's own rule of a refused token. */
    async send(caller, asked, signal) {
        const { process, request } = caller;
        const transport = transportOf((token) => {
            this.callers.answered(caller, token);
            return this.answerTo(caller, token);
        });
        process.sending++;
        const { status } = await process.client
            .send(request.integration, transport, { ...(asked && { request: asked }), signal })
            .finally(() => process.sending--);
        if (status === REFUSED)
            this.rejections.refusedForGood(caller);
    }
    /** By hand: a refused token is reported, and the request is made once more. */
    use(caller, token, { isSecondTry, isLast }) {
        const { process, request } = caller;
        void this.answerTo(caller, token).then(async ({ status }) => {
            if (status !== REFUSED || !process.serves)
                return;
            await process.client.invalidate(token);
            if (!isSecondTry && process.serves)
                void this.serve(process, request, { isSecondTry: true, ...(isLast && { isLast }) });
        });
    }
    /** What the upstream says of a token; its answer may come late, when there is a new one. */
    answerTo(caller, token) {
        const { process } = caller;
        const { chance, time, upstream } = this;
        const known = this.idp.tokens.get(token.accessToken);
        const isRefused = known === undefined || upstream.refuses(known, time.now, chance);
        const backMs = isRefused && chance.happens(0.1) ? chance.exponential(3_000) : chance.exponential(5);
        return new Promise((resolve) => {
            time.after(backMs, process.host, () => {
                if (isRefused)
                    this.callers.rejects(caller, token);
                resolve({ status: isRefused ? REFUSED : 200 });
            });
        });
    }
}
const REFUSED = 401;
//# sourceMappingURL=world.js.map