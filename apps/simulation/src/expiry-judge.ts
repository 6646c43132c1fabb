import { accessTokenOf } from './hearsay.js';
import { type SentCall } from './link.js';
import { type Process } from './process.js';
import { keyIdOf } from './store-call.js';
import { type PublishedToken } from './store-truth.js';
import { Witness } from './witness.js';

/** Instants are added up from parts. */
const ROUNDING_MS = 0.01;
/** Lives are whole ms, and at least one. */
const LEAST_LIFE_MS = 1;
/** The operations of the store that publish a token; the payload is their third argument. */
const PUBLISHING: readonly string[] = ['commit', 'offer'];

/** Judges that a token which is over by any clock of its process is neither given out nor published. */
export class ExpiryJudge extends Witness {
  /** By how much both clocks of a process that published a token were behind: it slept, and its wall clock was set back. */
  private readonly blindMs = new Map<string, number>();

  given(process: Process, label: string, accessToken: string, minLifeMs: number): void {
    const pastMs = this.pastMs(process, label, accessToken) - this.unknownMs(accessToken);
    this.verdict.expect(
      pastMs <= ROUNDING_MS,
      'no token is given out past hard expiry',
      () => `${process.name} gave out ${accessToken} ${pastMs.toFixed(1)} ms past it`,
      { label, process: process.name },
    );
    this.verdict.expect(
      minLifeMs === 0 || pastMs + minLifeMs <= ROUNDING_MS,
      'a caller is given a token that lives for as long as it asked',
      () =>
        `${process.name} gave out ${accessToken}, which lives for ${(-pastMs).toFixed(1)} ms, and not for ${minLifeMs} ms`,
      { label, process: process.name },
    );
  }

  /** A process sends something to the store. */
  sent(process: Process, call: SentCall): void {
    if (!PUBLISHING.includes(call.operation)) return;
    const [, , payload] = call.args as [string, unknown, string];
    const label = this.world.history.labelOf(keyIdOf(call) ?? '');
    const accessToken = accessTokenOf(payload);
    const blindMs = -this.aheadMs(process, label, accessToken);
    this.blindMs.set(accessToken, Math.max(blindMs, this.blindMs.get(accessToken) ?? 0));
    const pastMs = this.pastMs(process, label, accessToken) - this.unknownMs(accessToken);
    this.verdict.expect(
      pastMs <= ROUNDING_MS,
      'no token is published past hard expiry',
      () => `${process.name} publishes ${accessToken} ${pastMs.toFixed(1)} ms past it`,
      { label, process: process.name },
    );
  }

  /** The store accepted a token, for as long as the commit said and the store took off. */
  published({ accessToken, storedAt, ttlMs }: PublishedToken): void {
    const known = this.world.idp.tokens.get(accessToken);
    if (!known) return;
    const longerMs = storedAt + ttlMs - known.hardExpiryAt - this.unknownMs(accessToken);
    this.verdict.expect(
      longerMs <= LEAST_LIFE_MS + ROUNDING_MS,
      'nothing lengthens the life of a published token',
      () => `${accessToken} is shared for ${longerMs.toFixed(1)} ms longer than it lives`,
      { label: known.label },
    );
  }

  /** What no clock told those who had it, and those who took it from them. */
  private unknownMs(accessToken: string): number {
    return this.world.server.setBackMs + (this.blindMs.get(accessToken) ?? 0);
  }

  /** How long it is over by the clock of its process that says so first. */
  private pastMs(process: Process, label: string, accessToken: string): number {
    const hardExpiryAt = this.world.idp.tokens.get(accessToken)?.hardExpiryAt ?? 0;
    return this.now + this.aheadMs(process, label, accessToken) - hardExpiryAt;
  }

  /** What the clock of its process that is ahead of the other says beyond the time that passed since it learned of the token. */
  private aheadMs(process: Process, label: string, accessToken: string): number {
    const learned = process.knowledgeOf(label).tokens.get(accessToken);
    // The wall clock as it was set since, and the monotonic one, which stood still while the machine slept.
    const byWallMs = learned ? process.host.wallOffsetMs - learned.wallOffsetMs : 0;
    return Math.max(byWallMs, -process.host.suspendedMs);
  }
}
