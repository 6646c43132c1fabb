import fc from 'fast-check';
import {
  type Acquired,
  type Cooldown,
  type Lease,
  type StoredToken,
  type TokenStore,
} from '../../core/contract/token-store.js';
import {
  DAY_MS,
  type ModelAcquired,
  type ModelFence,
  type ModelLease,
  type SlotModel,
} from './slot-model.spec-support.js';
import { type Kept, type Part, type StoreSystem } from './store-system.spec-support.js';

/** Long against a run, so that the real time that passes changes no answer. */
export const STEP_MS = 100_000;

/** The store as a history of commands works on it; the numbers of the fences that it gave out so far, by their place. */
export interface Real {
  readonly system: StoreSystem;
  readonly fences: Map<number, number>;
  lastFence: number;
  lastPublished: number;
  /** What the last purge of the group voided of the key. */
  lastGroupPurge?: number;
  /** How many were run. */
  commands: number;
}

type StoreCommand = fc.AsyncCommand<SlotModel, Real>;

/** One command, sent once or, as after a lost reply, twice, by one process. The second time must be as the model says, too. */
abstract class Call implements StoreCommand {
  constructor(
    private readonly process: number,
    private readonly times: number,
  ) {}

  check(model: Readonly<SlotModel>): boolean {
    return this.needsLease ? model.leases.length > 0 : true;
  }

  async run(model: SlotModel, real: Real): Promise<void> {
    const { processes, keyId } = real.system;
    for (let i = 0; i < this.times; i++) {
      // A command that is sent again may arrive by another way.
      await this.call(model, real, processes[(this.process + i) % processes.length]!, keyId);
    }
    await agree(model, real, processes[(this.process + 1) % processes.length]!);
  }

  abstract toString(): string;

  protected readonly needsLease: boolean = true;
  protected abstract call(model: SlotModel, real: Real, store: TokenStore, keyId: string): Promise<void>;
}

class Acquire extends Call {
  protected override readonly needsLease = false;

  constructor(
    process: number,
    times: number,
    private readonly nonce: string,
    private readonly leaseMs: number,
    private readonly minTtlMs: number,
    /** How many leases ago the token was minted that is of no use to the caller. */
    private readonly refusedAge?: number,
    private readonly asks?: string,
  ) {
    super(process, times);
  }

  protected async call(model: SlotModel, real: Real, store: TokenStore, keyId: string): Promise<void> {
    const { nonce, leaseMs, minTtlMs, asks: process } = this;
    const refused = this.refusedAge === undefined ? undefined : ofAge(model.generations, this.refusedAge);
    const refusedGeneration = refused && fenceOf(real, refused);
    const answer = await store.acquire(keyId, { nonce, leaseMs, minTtlMs, refusedGeneration, process });
    const expected = model.acquire(nonce, leaseMs, minTtlMs, refused, process);
    if (expected.outcome === 'lease' && expected.isNew && answer.outcome === 'lease') {
      const { fence } = answer.lease;
      rises(fence, real.lastFence, 'a granted fence');
      real.fences.set(expected.lease.place, fence);
      real.lastFence = fence;
    }
    expect(spoken(answer)).toEqual(foretold(model, real, expected, leaseMs));
  }

  toString(): string {
    const refused = this.refusedAge === undefined ? '' : `, refused lease -${this.refusedAge}`;
    const by = this.asks === undefined ? '' : `, by ${this.asks}`;
    return `acquire(${this.nonce}, lease ${this.leaseMs}, need ${this.minTtlMs}${refused}${by})`;
  }
}

/** A call about a lease that was granted: the last one, or one that is late. */
abstract class LeaseCall extends Call {
  constructor(
    process: number,
    times: number,
    private readonly age: number,
  ) {
    super(process, times);
  }

  protected lease(model: SlotModel): ModelLease {
    return ofAge(model.leases, this.age)!;
  }

  /** The generation of a token, which may have been minted without a lease. */
  protected generation(model: SlotModel): ModelFence {
    return ofAge(model.generations, this.age)!;
  }

  protected get whose(): string {
    return `lease -${this.age}`;
  }
}

class Commit extends LeaseCall {
  constructor(
    process: number,
    times: number,
    age: number,
    private readonly ttlMs: number,
  ) {
    super(process, times, age);
  }

  protected async call(model: SlotModel, real: Real, store: TokenStore, keyId: string): Promise<void> {
    const lease = this.lease(model);
    const before = await store.peek(keyId);
    const answer = await store.commit(keyId, leaseOf(real, lease), payloadOf(lease), this.ttlMs);
    const after = await store.peek(keyId);
    // The holder of a lease may publish once more what was lost: that is all that the store can tell.
    const last = model.knowsNothing ? 0 : real.lastPublished;
    const expected = model.commit(lease, this.ttlMs);
    expect(answer.outcome).toBe(expected.outcome);
    if (answer.outcome === 'stored') {
      const fence = fenceOf(real, lease);
      rises(fence, last, 'a published fence');
      real.lastPublished = fence;
      return;
    }
    // Superseded never alters, and neither does the same commit once more.
    expect(after.token?.fence).toBe(before.token?.fence);
    expect(after.token?.payload).toBe(before.token?.payload);
    expect(after.token?.ttlMs ?? 0).toBeLessThanOrEqual(before.token?.ttlMs ?? 0);
    if (answer.outcome !== 'superseded' || expected.outcome !== 'superseded') return;
    expect(answer.token && bare(answer.token)).toEqual(expected.token && tokenOf(real, expected.token));
  }

  toString(): string {
    return `commit(${this.whose}, ttl ${this.ttlMs})`;
  }
}

class Renew extends LeaseCall {
  constructor(
    process: number,
    times: number,
    age: number,
    private readonly leaseMs: number,
  ) {
    super(process, times, age);
  }

  protected async call(model: SlotModel, real: Real, store: TokenStore, keyId: string): Promise<void> {
    const lease = this.lease(model);
    const renewed = await store.renew(keyId, { ...leaseOf(real, lease), leaseMs: this.leaseMs });
    expect(renewed).toBe(model.renew(lease, this.leaseMs));
  }

  toString(): string {
    return `renew(${this.whose}, lease ${this.leaseMs})`;
  }
}

class Fail extends LeaseCall {
  constructor(
    process: number,
    times: number,
    age: number,
    private readonly remainingMs: number,
    private readonly bound?: string,
  ) {
    super(process, times, age);
  }

  protected async call(model: SlotModel, real: Real, store: TokenStore, keyId: string): Promise<void> {
    const lease = this.lease(model);
    const cooldown = this.remainingMs
      ? { remainingMs: this.remainingMs, error: `error of ${payloadOf(lease)}`, process: this.bound }
      : undefined;
    const wasOurs = await store.fail(keyId, leaseOf(real, lease), cooldown);
    expect(wasOurs).toBe(model.fail(lease, cooldown));
  }

  toString(): string {
    const bound = this.bound === undefined ? '' : ` of ${this.bound}`;
    return `fail(${this.whose}, cool-down ${this.remainingMs}${bound})`;
  }
}

class Offer extends LeaseCall {
  constructor(
    process: number,
    times: number,
    age: number,
    private readonly ttlMs: number,
    private readonly isWithoutLease: boolean,
  ) {
    super(process, times, age);
  }

  protected async call(model: SlotModel, real: Real, store: TokenStore, keyId: string): Promise<void> {
    const generation = this.isWithoutLease ? model.generationWithoutLease : this.generation(model);
    const fence = this.isWithoutLease ? real.lastFence + 1 : fenceOf(real, generation);
    const answer = await store.offer(keyId, fence, payloadOf(generation), this.ttlMs);
    const expected = model.offer(generation, this.ttlMs);
    expect(answer.outcome).toBe(expected.outcome);
    if (answer.outcome === 'stored') {
      real.fences.set(generation.place, fence);
      real.lastFence = Math.max(real.lastFence, fence);
      real.lastPublished = fence;
    }
    if (answer.outcome !== 'superseded' || expected.outcome !== 'superseded') return;
    expect(answer.token && bare(answer.token)).toEqual(expected.token && tokenOf(real, expected.token));
  }

  toString(): string {
    return `offer(${this.isWithoutLease ? 'minted without a lease' : this.whose}, ttl ${this.ttlMs})`;
  }
}

class Invalidate extends LeaseCall {
  constructor(
    process: number,
    times: number,
    age: number,
    private readonly paceMs: number,
    private readonly longerMs: number,
    private readonly isContested: boolean,
  ) {
    super(process, times, age);
  }

  protected async call(model: SlotModel, real: Real, store: TokenStore, keyId: string): Promise<void> {
    const generation = this.generation(model);
    const policy = { paceMs: this.paceMs, maxPaceMs: this.paceMs + this.longerMs, isContested: this.isContested };
    const verdict = await store.invalidate(keyId, { generation: fenceOf(real, generation), ...policy });
    expect(verdict).toBe(model.invalidate({ generation, ...policy }));
  }

  toString(): string {
    const contested = this.isContested ? ', contested' : '';
    return `invalidate(${this.whose}, pace ${this.paceMs} to ${this.paceMs + this.longerMs}${contested})`;
  }
}

class Purge extends Call {
  protected override readonly needsLease = false;

  protected async call(model: SlotModel, real: Real, store: TokenStore, keyId: string): Promise<void> {
    const fence = await store.purge(keyId);
    rises(fence, real.lastFence, 'the fence of a purge');
    real.lastFence = fence;
    real.fences.set(model.purge().place, fence);
  }

  toString(): string {
    return 'purge()';
  }
}

class PurgeGroup extends Call {
  protected override readonly needsLease = false;

  /** After the clock was set back, the fence that a store answers may lie below fences that it voids. */
  override check(model: Readonly<SlotModel>): boolean {
    return !model.isSetBack;
  }

  protected async call(model: SlotModel, real: Real, store: TokenStore, keyId: string): Promise<void> {
    const fence = await store.purgeGroup(real.system.group);
    const { voidedUpTo } = await store.peek(keyId);
    expect(voidedUpTo).toBeGreaterThanOrEqual(fence);
    // A second purge voids nothing more if nothing was granted since the first.
    if (voidedUpTo !== real.lastGroupPurge) rises(voidedUpTo, real.lastFence, 'what the purge of a group voids');
    real.lastFence = voidedUpTo;
    real.lastGroupPurge = voidedUpTo;
    real.fences.set(model.purgeGroup().place, voidedUpTo);
  }

  toString(): string {
    return 'purgeGroup()';
  }
}

class MoveClock implements StoreCommand {
  constructor(private readonly ms: number) {}

  /** A store that forgot and whose clock is wrong besides can repeat a fence; and a store may still have what ended, or not. */
  check(model: Readonly<SlotModel>): boolean {
    const now = model.now + this.ms;
    return !model.couldRepeat(now) && !model.revivesAt(now);
  }

  async run(model: SlotModel, real: Real): Promise<void> {
    await real.system.moveClock(this.ms);
    model.moveClock(this.ms);
    await agree(model, real, real.system.processes[0]!);
  }

  toString(): string {
    return `clock(${this.ms > 0 ? '+' : ''}${this.ms})`;
  }
}

class Lose implements StoreCommand {
  constructor(private readonly part: Part) {}

  check(model: Readonly<SlotModel>): boolean {
    return !model.couldRepeat(model.now, this.part);
  }

  async run(model: SlotModel, real: Real): Promise<void> {
    await real.system.lose(this.part);
    if (this.part !== 'record') model.loseToken();
    if (this.part !== 'token') model.loseRecord();
    await agree(model, real, real.system.processes[0]!);
  }

  toString(): string {
    return `lose(${this.part})`;
  }
}

/** Every process sees what the model sees, and everything is kept for as long as the model says. */
async function agree(model: SlotModel, real: Real, store: TokenStore): Promise<void> {
  real.commands++;
  const { token, isRejected, cooldown, voidedUpTo } = await store.peek(real.system.keyId);
  expect({
    token: token && { ...bare(token), steps: halfSteps(token.ttlMs) },
    isRejected,
    cooldown: cooldown && spokenCooldown(cooldown),
    voidedUpTo,
  }).toEqual({
    token: model.token && { ...tokenOf(real, model.token), steps: halfSteps(model.token.endsAt - model.now) },
    isRejected: model.isRejected,
    cooldown: model.cooldown && foretoldCooldown(model, model.cooldown),
    voidedUpTo: voidedUpToOf(real, model.voidedUpTo),
  });
  const kept = await real.system.kept?.();
  if (kept) expect(inHalfSteps(kept)).toEqual(inHalfSteps(model.kept));
}

/** A store that forgets in memory has the key until the model says so, and no longer. */
export async function agreeOnTheEnd(model: SlotModel, { system }: Real): Promise<void> {
  const { record } = model.kept;
  if (!system.isKeptAfter || record === undefined) return;
  expect(await system.isKeptAfter(record - 1)).toBe(true);
  expect(await system.isKeptAfter(1)).toBe(false);
}

function rises(fence: number, last: number, what: string): void {
  if (!Number.isSafeInteger(fence) || fence <= last) throw new Error(`${what} must rise: ${fence} came after ${last}`);
}

function voidedUpToOf(real: Real, fence: ModelFence | undefined): number {
  return fence ? fenceOf(real, fence) : 0;
}

function fenceOf({ fences }: Real, { place }: ModelFence): number {
  const fence = fences.get(place);
  if (fence === undefined) throw new Error(`Nobody was granted fence ${place}`);
  return fence;
}

function leaseOf(real: Real, lease: ModelLease): Lease {
  return { nonce: lease.nonce, fence: fenceOf(real, lease), leaseMs: lease.leaseMs };
}

function payloadOf({ place }: ModelFence): string {
  return `token ${place}`;
}

function tokenOf(real: Real, token: ModelFence): { fence: number; payload: string } {
  return { fence: fenceOf(real, token), payload: payloadOf(token) };
}

function bare({ fence, payload }: StoredToken): { fence: number; payload: string } {
  return { fence, payload };
}

function spokenCooldown({ error, process, remainingMs }: Cooldown): unknown {
  return { error, process, steps: halfSteps(remainingMs) };
}

function foretoldCooldown({ now }: SlotModel, { error, process, endsAt }: NonNullable<SlotModel['cooldown']>): unknown {
  return { error, process, steps: halfSteps(endsAt - now) };
}

/** An answer without the milliseconds that really passed. */
function spoken(answer: Acquired): unknown {
  const { outcome, voidedUpTo } = answer;
  if (answer.outcome === 'hit') return { outcome, token: bare(answer.token), voidedUpTo };
  const told = { outcome, voidedUpTo, rejected: maybeBare(answer.rejected) };
  switch (answer.outcome) {
    case 'wait':
      return { ...told, steps: halfSteps(answer.leaseEndsInMs) };
    case 'cooling':
      return { ...told, cooldown: spokenCooldown(answer.cooldown) };
    case 'lease': {
      const { leaseEndsInMs, ...granted } = answer;
      return { ...granted, ...told, steps: halfSteps(leaseEndsInMs), token: maybeBare(answer.token) };
    }
  }
}

/** The answer that the model expects, in the same words. */
function foretold(model: SlotModel, real: Real, expected: ModelAcquired, leaseMs: number): unknown {
  const maybeToken = (token?: ModelFence) => token && tokenOf(real, token);
  const { outcome } = expected;
  const voidedUpTo = voidedUpToOf(real, expected.voidedUpTo);
  if (expected.outcome === 'hit') return { outcome, token: tokenOf(real, expected.token), voidedUpTo };
  const told = { outcome, voidedUpTo, rejected: maybeToken(expected.rejected) };
  switch (expected.outcome) {
    case 'wait':
      return { ...told, steps: halfSteps(expected.leaseEndsInMs) };
    case 'cooling':
      return { ...told, cooldown: foretoldCooldown(model, expected.cooldown) };
    case 'lease': {
      const { leaseEndsInMs, reason, failures, published, token } = expected;
      return {
        ...{ ...told, steps: halfSteps(leaseEndsInMs), reason, failures },
        lease: { ...leaseOf(real, expected.lease), leaseMs },
        published: published && fenceOf(real, published),
        token: maybeToken(token),
      };
    }
  }
}

function maybeBare(token?: StoredToken): { fence: number; payload: string } | undefined {
  return token && bare(token);
}

function ofAge<Fence extends ModelFence>(fences: readonly Fence[], age: number): Fence | undefined {
  return fences[Math.max(fences.length - 1 - age, 0)];
}

function inHalfSteps(kept: Kept): Kept {
  return Object.fromEntries(Object.entries(kept).map(([part, ms]) => [part, halfSteps(ms)]));
}

function halfSteps(ms: number): number {
  return Math.ceil((2 * ms) / STEP_MS);
}

const processes = fc.nat({ max: 2 });
const times = fc.constantFrom(1, 1, 1, 2);
const ages = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat({ max: 3 }) });
const nonces = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const whole = (max: number) => fc.integer({ min: 1, max }).map((steps) => steps * STEP_MS);
/** Never a whole number of steps: a test cannot tell whether a lease ends within or after its last microsecond. */
const halves = (max: number) => fc.integer({ min: 1, max }).map((steps) => (steps - 0.5) * STEP_MS);
/** No double of a pace is a whole number of steps, however often it is doubled. */
const paces = fc.integer({ min: 1, max: 3 }).map((steps) => (steps - 0.3) * STEP_MS);
const longer = fc.nat({ max: 6 }).map((steps) => steps * STEP_MS);
const refused = fc.option(ages, { freq: 2, nil: undefined });
/** Which process asks, as the store is told; fewer than processes, so that cool-downs bind some and not others. */
const names = fc.constantFrom('p', 'q', undefined);
const needs = fc.constantFrom(0, 0, STEP_MS, 9 * STEP_MS);
const cooldowns = fc.constantFrom(0, STEP_MS, 2 * STEP_MS);

/** About as long as a record is kept. */
const aDay = fc.integer({ min: -3, max: 9 }).map((steps) => DAY_MS + steps * STEP_MS);

/** What the histories of a store may hold. */
export interface Circumstances {
  /** What the store can lose of a key. */
  readonly losses: readonly Part[];
  /** The store notices itself that its clock was set back; it is then never set back here. */
  readonly noticesSetBack?: boolean;
  /** A record is gone at the very end of its time, and not some time later. */
  readonly forgetsOnTime?: boolean;
}

/** Histories of one key of a store. */
export function histories({
  losses,
  noticesSetBack,
  forgetsOnTime,
}: Circumstances): fc.Arbitrary<Iterable<StoreCommand>> {
  const acquire = fc
    .tuple(processes, times, nonces, halves(3), needs, refused, names)
    .map((args) => new Acquire(...args));
  const commit = fc.tuple(processes, times, ages, whole(6)).map((args) => new Commit(...args));
  const invalidate = fc
    .tuple(processes, times, ages, paces, longer, fc.boolean())
    .map((args) => new Invalidate(...args));
  const fail = fc.tuple(processes, times, ages, cooldowns, names).map((args) => new Fail(...args));
  const offer = fc.tuple(processes, times, ages, whole(6), fc.boolean()).map((args) => new Offer(...args));
  const forward = whole(3).map((ms) => new MoveClock(ms));
  return fc.commands(
    [
      ...[acquire, acquire, acquire, commit, commit, forward],
      fc.tuple(processes, times, ages, halves(3)).map((args) => new Renew(...args)),
      ...[fail, fail, offer, offer],
      ...[invalidate, invalidate],
      fc.tuple(processes, times).map((args) => new Purge(...args)),
      fc.tuple(processes, times).map((args) => new PurgeGroup(...args)),
      ...(noticesSetBack ? [] : [whole(3).map((ms) => new MoveClock(-ms))]),
      ...(forgetsOnTime ? [aDay.map((ms) => new MoveClock(ms))] : []),
      ...(losses.length > 0 ? [fc.constantFrom(...losses).map((part) => new Lose(part))] : []),
    ],
    { maxCommands: 40, size: 'max' },
  );
}
