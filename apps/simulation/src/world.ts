import { parseKeyId, type Token, type TokenCacheOptions } from '@mintonce/token-cache';
import { type MintCall } from './book.js';
import { type Chance } from './chance.js';
import { CostJudge } from './cost-judge.js';
import { counting } from './counts.js';
import { transportOf, type UpstreamAnswer } from './door-caller.js';
import { EventChannel } from './event-channel.js';
import { type About, History } from './history.js';
import { Hearsay } from './hearsay.js';
import { Host } from './host.js';
import { ExpiryJudge } from './expiry-judge.js';
import { HandJudge } from './hand-judge.js';
import { IdentityProvider } from './identity-provider.js';
import { CallerJudge } from './caller-judge.js';
import { MintJudge } from './mint-judge.js';
import { type JudgedWorld } from './judged-world.js';
import { ProcessJudge } from './process-judge.js';
import { type OwnPurge } from './knowledge.js';
import { type Library } from './library.js';
import { LookJudge } from './look-judge.js';
import { Link } from './link.js';
import { telling } from './observer.js';
import { type Caller, Process } from './process.js';
import { type KnownRequest, REQUESTS } from './requests.js';
import { RejectionJudge } from './rejection-judge.js';
import { StoreServer } from './store-server.js';
import { type StruckWorld } from './struck-world.js';
import { CALM_UPSTREAM, Upstream } from './upstream.js';
import { Verdict } from './verdict.js';
import { VirtualTime } from './virtual-time.js';
import { disturbs, type Weather } from './weather.js';

export interface Asking {
  readonly leavesAfterMs?: number;
  /** Takes a token, and tells the library nothing of what becomes of it unless it is refused. */
  readonly isByHand?: boolean;
  /** Asked after everything has healed. */
  readonly isLast?: boolean;
  /** Not sent again after a 401. */
  readonly isSecondTry?: boolean;
}

/** The fleet, what it shares, and everybody who uses it. */
export class World implements JudgedWorld, StruckWorld {
  readonly time = new VirtualTime();
  readonly history: History;
  readonly verdict = new Verdict();
  readonly server: StoreServer;
  readonly idp: IdentityProvider;
  readonly callers: CallerJudge;
  readonly mints: MintJudge;
  private readonly hands: HandJudge;
  private readonly expiries: ExpiryJudge;
  private readonly costs: CostJudge;
  private readonly looks: LookJudge;
  private readonly hearsay = new Hearsay(this);
  private readonly rejections: RejectionJudge;
  readonly fates: ProcessJudge;
  readonly upstream = new Upstream();
  /** Those that are running. */
  processes: Process[] = [];
  /** Those that ever ran. */
  readonly everyone: Process[] = [];
  readonly requests: readonly KnownRequest[];
  isHealed = false;
  /** What is to happen as soon as a token of a request is shared. */
  readonly traps = new Map<string, () => void>();
  readonly mintTraps = new Map<string, (process: Process) => void>();
  /** What the store calls the requests. */
  readonly keyIds = new Map<string, string>();

  constructor(
    readonly weather: Weather,
    private readonly library: Library,
    private readonly chance: Chance,
    isTold = false,
  ) {
    const { time, verdict } = this;
    const history = (this.history = new History(time, isTold));
    const { storeTimeoutMs } = weather.policy;
    this.server = new StoreServer(time, library, history, verdict, storeTimeoutMs);
    const mood = {
      slownessMs: weather.mintMs,
      failureRate: 0,
      failures: [],
      loseReplies: 0,
      expiresInMs: weather.lifeMs as unknown,
    };
    this.idp = new IdentityProvider(mood, time, library, weather.policy, chance.fork(), history);
    this.requests = REQUESTS.slice(0, weather.requests);
    this.hands = new HandJudge(this);
    this.expiries = new ExpiryJudge(this);
    this.costs = new CostJudge(this);
    this.rejections = new RejectionJudge(this, this.hands);
    this.looks = new LookJudge(this, this.hands, this.rejections, this.expiries);
    this.callers = new CallerJudge(this, this.hands, this.rejections, this.expiries, this.costs, this.hearsay);
    this.mints = new MintJudge(this, this.hands);
    this.fates = new ProcessJudge(this);
    this.idp.onCall = (call) => {
      this.mints.mintBegins(call);
      this.springMintTrap(call);
    };
    this.idp.onIssued = (call, accessToken) => {
      const process = this.everyone.find(({ name }) => name === call.process);
      if (process) this.hearsay.minted(process, call, accessToken);
    };
    this.idp.onFailure = (call, failure) => this.mints.mintFailed(call, failure);
    this.server.onPublished = (truth, token) => {
      this.expiries.published(token);
      this.rejections.published(truth, token);
      this.fates.published(truth, token);
      const { label = '' } = this.idp.tokens.get(token.accessToken) ?? {};
      this.mints.published(label);
      this.spring(label);
    };
    this.server.onEvent = (event) => {
      // One that shuts down hears it as well, for as long as it gives out tokens.
      for (const { channel, host, isClosed } of this.everyone) if (!host.isDead && !isClosed) channel?.publish(event);
    };
  }

  /** Names of the processes that hold a lease, as far as the store knows. */
  get holders(): ReadonlySet<string> {
    return new Set([...this.server.truths.values()].flatMap(({ lease }) => lease?.process ?? []));
  }

  say(who: string, what: string, about?: About): void {
    this.history.say(who, what, about);
  }

  /** The end of something that a fault began; everything ends when the world heals. */
  later(delayMs: number, run: () => void): void {
    this.time.after(delayMs, this.time.world, () => {
      if (!this.isHealed) run();
    });
  }

  start(): Process {
    const { time, server } = this;
    const host = new Host(`p${this.everyone.length + 1}`, this.chance.whole(0, 1_000_000));
    host.wallOffsetMs = this.chance.between(-60_000, 60_000);
    const link = new Link(time, server, host, this.chance.fork(), this.weather.delayMs);
    const channel = this.weather.hasEvents ? new EventChannel(time, server, host, link) : undefined;
    const process = new Process(host, link, channel);
    this.listenTo(process);
    this.processes.push(process);
    this.everyone.push(process);
    time.after(0, host, () => this.boot(process));
    return process;
  }

  /** Lets the judges know what the store and a process say to each other. */
  private listenTo(process: Process): void {
    const { link, channel } = process;
    link.onSent = (call) => {
      this.hearsay.sent(process, call);
      this.expiries.sent(process, call);
      this.costs.sent(process, call);
      if (call.operation === 'fail' && call.args[2] === undefined) process.leasesGivenUp++;
    };
    link.onDelivered = (call, answer, executedAt) => {
      this.hearsay.delivered(process, call, answer, executedAt);
      this.costs.delivered(process, call, answer);
    };
    if (!channel) return;
    channel.onHeard = (event, publishedAt) => {
      this.hearsay.heard(process, event, publishedAt);
      for (const label of this.history.labelsAbout(event)) {
        this.costs.news(process, label);
        if (event.type === 'purged' || event.type === 'purged-group')
          this.mints.purgeHeard(process, label, event.fence);
      }
    };
  }

  kill(process: Process): void {
    this.say(process.name, 'is killed');
    process.host.isDead = true;
    this.processes = this.processes.filter((other) => other !== process);
    this.fates.died(process);
    process.pending.clear();
  }

  pause(process: Process): void {
    this.say(process.name, 'is paused');
    process.host.isPaused = true;
    process.pausedAt = this.time.now;
  }

  /** Its machine sleeps, and with it its monotonic clock. */
  suspend(process: Process): void {
    this.pause(process);
    this.say(process.name, 'sleeps');
    process.host.isSuspended = true;
  }

  resume(process: Process, timersFirst = false): void {
    if (!process.host.isPaused || process.host.isDead) return;
    const pausedMs = this.time.now - (process.pausedAt ?? this.time.now);
    this.say(process.name, `goes on after ${pausedMs.toFixed(0)} ms`);
    process.pausedMs += pausedMs;
    process.resumedAt = this.time.now;
    if (process.host.isSuspended) process.lastSleep = { endedAt: this.time.now, tookMs: pausedMs };
    delete process.pausedAt;
    this.time.resume(process.host, timersFirst, pausedMs);
  }

  shutDown(process: Process): void {
    if (!process.serves) return;
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
  ask(process: Process, request: KnownRequest, asking: Asking = {}): void {
    this.time.after(0, process.host, () => {
      if (process.serves && process.client) void this.serve(process, request, asking);
    });
  }

  /** Somebody looks at what a process knows of a request, and has no token minted. */
  look(process: Process, request: KnownRequest, how: 'peek' | 'status'): void {
    this.time.after(0, process.host, () => {
      if (!process.serves || !process.client) return;
      void (how === 'peek' ? this.peek(process, request) : this.readStatus(process, request));
    });
  }

  purge(process: Process, { integration, asked, label }: KnownRequest): void {
    this.time.after(0, process.host, () => {
      if (!process.serves || !process.client) return;
      this.say(process.name, 'purges', { label });
      const purge: OwnPurge = { beganAt: this.time.now };
      process.knowledgeOf(label).ownPurges.push(purge);
      const done = process.client.purge(integration, asked).catch((error: unknown) => this.callers.heard(error));
      void done.then(() => {
        purge.endedAt = this.time.now;
        // Where the store could not be told, it has told itself.
        this.costs.news(process, label);
      });
    });
  }

  /** Purges all tokens of an integration. */
  purgeAll(process: Process, integration: string): void {
    this.time.after(0, process.host, () => {
      if (!process.serves || !process.client) return;
      this.say(process.name, 'purges all', { integration });
      const purge: OwnPurge = { beganAt: this.time.now };
      const purged = this.requests.filter((request) => request.integration === integration);
      for (const { label } of purged) process.knowledgeOf(label).ownPurges.push(purge);
      const done = process.client.purgeAll(integration).catch((error: unknown) => this.callers.heard(error));
      void done.then(() => (purge.endedAt = this.time.now));
    });
  }

  /** A caller of each process. */
  askAll(request: KnownRequest): void {
    for (const process of this.processes) this.ask(process, request);
  }

  calmLinks(processes: readonly Process[]): void {
    for (const { link } of processes) link.calm();
  }

  calmUpstream(): void {
    Object.assign(this.upstream.mood, CALM_UPSTREAM);
  }

  bringServerUp(): void {
    this.server.state = 'up';
    this.say('store', 'is up');
  }

  resumeServer(): void {
    this.time.resume(this.server.host, false);
  }

  /** Everything works again, from now on. */
  heal(): void {
    this.say('world', 'heals');
    this.isHealed = true;
    for (const process of this.everyone) {
      this.resume(process);
      if (process.channel) process.channel.extraDelayMs = 0;
      if (process.channel?.state === 'deaf') process.channel.break();
    }
    this.calmLinks(this.everyone);
    this.bringServerUp();
    this.resumeServer();
    this.server.slownessMs = 0;
    this.mintTraps.clear();
    // Whoever keeps the clock puts an hour right; seconds it lets be.
    if (this.server.host.wallOffsetMs < -LEAST_CORRECTED_MS) this.server.stepClock(-this.server.host.wallOffsetMs);
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
    while (this.processes.length < this.weather.processes) this.start();
  }

  /** Asks the library itself, with a store that listens. */
  async learnKeys(): Promise<void> {
    const host = new Host('scout');
    const peek = (_operation: string, [keyId]: readonly unknown[]): Promise<unknown> =>
      Promise.resolve((asked = keyId));
    let asked: unknown;
    const scout = new Process(host, { call: peek } as unknown as Link, undefined);
    this.boot(scout);
    for (const { integration, asked: request, label } of this.requests) {
      await scout.client.status(integration, request);
      const { id, group = '' } = parseKeyId(asked as string);
      this.keyIds.set(label, id);
      this.history.learnKey(id, label, group);
      this.server.learnKey(id, group);
    }
    await scout.client.close();
  }

  private spring(label: string): void {
    this.traps.get(label)?.();
    this.traps.delete(label);
  }

  private springMintTrap({ label, process: name }: MintCall): void {
    const process = this.processes.find((other) => other.name === name);
    if (!process) return;
    this.mintTraps.get(label)?.(process);
    this.mintTraps.delete(label);
  }

  private boot(process: Process): void {
    const { library, weather } = this;
    const mint = this.idp.mint.bind(this.idp, process.host);
    const source = { identity: 'idp', mint };
    const counted: typeof source.mint = (request, context) => {
      process.asked++;
      return mint(request, context);
    };
    const options: TokenCacheOptions = {
      ...weather.policy,
      nearCache: weather.nearCache,
      store: process.store(() => {}, {
        isSharded: disturbs(weather, 'shard'),
        hasVersion: weather.hasVersion,
      }),
      integrations: {
        billing: { source: { ...source, mint: counted } },
        crm: { source: { ...source, mint: counted } },
      },
      random: this.chance.fork().random,
    };
    process.client = new library.TokenClient(options);
    process.client.observe(counting(library, process.counts));
    if (this.history.isKept) process.client.observe(telling(library, process.name, this.history));
  }

  /** A caller takes a token and uses it, or leaves that to the library. */
  private async serve(process: Process, request: KnownRequest, asking: Asking): Promise<void> {
    const { time, callers } = this;
    const minLifeMs = this.needOf(process, request, asking);
    const caller = callers.comes(process, request, asking.isLast ?? false, minLifeMs);
    const leaving = new AbortController();
    if (asking.leavesAfterMs !== undefined) time.after(asking.leavesAfterMs, process.host, () => leaving.abort());
    const asked = this.chance.happens(0.5) ? request.asked : request.askedOtherwise;
    try {
      if (!asking.isByHand && this.chance.happens(0.5)) return await this.send(caller, asked, leaving.signal);
      const token = await process.client.getToken(request.integration, asked, { signal: leaving.signal, minLifeMs });
      callers.answered(caller, token);
      this.use(caller, token, asking);
    } catch (error) {
      if (leaving.signal.aborted && error === leaving.signal.reason) callers.leaves(caller);
      else if (caller.first) callers.refusedLater(caller, error);
      else callers.refused(caller, error);
    }
  }

  /**
   * Some callers need their token for as long as the refresh window of the shared one is: so they have it refreshed, and wait for that,
   * but have no token replaced that is fresh.
   */
  private needOf({ came }: Process, { label }: KnownRequest, { isLast, isByHand }: Asking): number {
    if (isLast || isByHand || came % NEEDY_CALLER !== 1 || disturbs(this.weather, 'clocks', 'lives')) return 0;
    const keyId = this.keyIds.get(label);
    return (keyId !== undefined && this.server.truths.get(keyId)?.current?.refreshWindowMs) || 0;
  }

  /** By the library's own rule of a refused token. */
  private async send(caller: Caller, asked: KnownRequest['asked'], signal: AbortSignal): Promise<void> {
    const { process, request } = caller;
    const transport = transportOf((token) => {
      this.callers.answered(caller, token);
      return this.answerTo(caller, token);
    });
    process.sending++;
    const { status } = await process.client
      .send(request.integration, transport, { ...(asked && { request: asked }), signal, minLifeMs: caller.minLifeMs })
      .finally(() => process.sending--);
    if (status === REFUSED) this.rejections.refusedForGood(caller);
  }

  /** By hand: a refused token is reported, and the request is made once more. */
  private use(caller: Caller, token: Token, { isSecondTry, isLast }: Asking): void {
    const { process, request } = caller;
    void this.answerTo(caller, token).then(async ({ status }) => {
      if (status !== REFUSED || !process.serves) return;
      await this.report(process, request, token);
      if (!isSecondTry && process.serves)
        void this.serve(process, request, { isSecondTry: true, ...(isLast && { isLast }) });
    });
  }

  /** Tells the library that a token was refused. */
  async report(process: Process, { label }: KnownRequest, token: Token): Promise<void> {
    if (await process.client.invalidate(token)) this.rejections.granted(process, label, token);
  }

  private async peek(process: Process, request: KnownRequest): Promise<void> {
    const look = this.looks.begins(process, request);
    try {
      this.looks.peeked(look, await process.client.peek(request.integration, request.asked));
    } catch (error) {
      this.looks.failed(look, error);
    }
  }

  private async readStatus(process: Process, request: KnownRequest): Promise<void> {
    const look = this.looks.begins(process, request);
    this.looks.told(look, await process.client.status(request.integration, request.asked));
  }

  /** What the upstream says of a token; its answer may come late, when there is a new one. */
  private answerTo(caller: Caller, token: Token): Promise<UpstreamAnswer> {
    const { process } = caller;
    const { chance, time, upstream } = this;
    const known = this.idp.tokens.get(token.accessToken);
    const isRefused = known === undefined || upstream.refuses(known, time.now, chance);
    const backMs = isRefused && chance.happens(0.1) ? chance.exponential(3_000) : chance.exponential(5);
    return new Promise((resolve) => {
      time.after(backMs, process.host, () => {
        if (isRefused) this.callers.rejects(caller, token);
        resolve({ status: isRefused ? REFUSED : 200 });
      });
    });
  }
}

const REFUSED = 401;
/** One caller of so many in a process needs its token for long. */
const NEEDY_CALLER = 8;
/** Above what other faults do to the clock of the store. */
const LEAST_CORRECTED_MS = 600_000;
