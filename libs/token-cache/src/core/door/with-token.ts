import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { pause } from '../contract/pause.js';
import { type TokenObservers } from '../contract/token-observers.js';
import { type RejectionVerdict } from '../contract/token-store.js';
import { type Token } from '../contract/token.js';
import { type TokenStanding } from '../in-hand/token-standing.js';
import { type Rejections } from '../protocol/rejections.js';
import { type Asking, type TokenSupply } from '../protocol/token-supply.js';
import { answerAbout, type UpstreamStatus } from './refusal.js';
import { type Transport } from './transport.js';

export interface WithTokenParts {
  clock: Clock;
  standing: TokenStanding;
  rejections: Rejections;
  observers: TokenObservers;
  supply: TokenSupply;
}

/** An answer, and the token that its request carried. */
interface Sent<Answer> {
  readonly token: Token;
  readonly answer: Answer;
}

/** A replica of the upstream that does not know a new token yet has it after this. */
const LAG_MS = 1_000;

/** Whether the call may go on with another token: it was replaced, or its replacement is under way. */
const HAS_SUCCESSOR: Record<RejectionVerdict, boolean> = { replaced: true, contested: true, stale: true, held: false };

/**
 * The rule of a refused token, for every client: an answer that speaks against the token is reported, and the request is
 * sent once more with the current one. A caller that can be given no other token gets the upstream's answer.
 */
export class WithToken {
  constructor(private readonly parts: WithTokenParts) {}

  /** @throws what `getToken` and the transport throw */
  async send<Answer>(key: TokenKey, transport: Transport<Answer>, asking: Asking = {}): Promise<Answer> {
    const { token, answer } = await this.sendPatiently(key, transport, asking);
    if (this.hear(key, token, transport.statusOf(answer)) !== 'rejected') return answer;

    const verdict = await this.parts.rejections.report(key, token);
    if (!HAS_SUCCESSOR[verdict]) return answer;
    if (!transport.canSendAgain()) {
      // The early refresh is granted to this call alone, and a failure of it is reported by the metrics.
      if (verdict === 'contested') void this.parts.supply.replace(key, token).catch(() => {});
      return answer;
    }
    const successor = await this.successorOf(key, token, asking);
    // The caller has left: the answer is let go of, and the reason of the signal thrown.
    if (asking.signal?.aborted) await this.letGo(answer, transport, asking.signal);
    if (!successor) return answer;
    await this.letGo(answer, transport, asking.signal);
    const last = await transport.send(successor, () => false);
    // What becomes of the second request decides nothing, but a success is worth knowing.
    if (this.answerOf(key, transport.statusOf(last)) === 'accepted') this.parts.standing.accept(successor);
    return last;
  }

  /** Sends a request a second time before the refusal of a token that is new here counts: a replica may not have heard of it. */
  private async sendPatiently<Answer>(
    key: TokenKey,
    transport: Transport<Answer>,
    asking: Asking,
  ): Promise<Sent<Answer>> {
    const { clock, supply, standing, observers } = this.parts;
    const { signal } = asking;
    const token = await supply.get(key, asking);
    const speaksAgainst = (status: UpstreamStatus): boolean => this.answerOf(key, status) === 'rejected';
    const answer = await transport.send(token, speaksAgainst);
    const isRefused = speaksAgainst(transport.statusOf(answer));
    if (!isRefused || !standing.isUntried(token) || !transport.canSendAgain()) return { token, answer };
    observers.notify('rejected', key.integration.name, 'excused');
    // Meanwhile it may have ended, or may have been purged or replaced.
    const current = await pause(clock, LAG_MS, signal)
      .then(() => supply.get(key, asking))
      .catch(() => undefined);
    // The caller has left: the answer is let go of, and the reason of the signal thrown.
    if (signal?.aborted) await this.letGo(answer, transport, signal);
    if (!current) return { token, answer };
    await this.letGo(answer, transport, signal);
    return { token: current, answer: await transport.send(current, speaksAgainst) };
  }

  /** Discards an answer, whose connection may be broken; throws when the caller has left. */
  private async letGo<Answer>(
    answer: Answer,
    transport: Transport<Answer>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    try {
      await transport.discard(answer);
    } catch {
      // The request is sent again all the same.
    }
    signal?.throwIfAborted();
  }

  private hear(key: TokenKey, token: Token, status: UpstreamStatus): ReturnType<typeof answerAbout> {
    const about = this.answerOf(key, status);
    if (about === 'accepted') this.parts.standing.accept(token);
    if (about === 'excused') this.parts.observers.notify('rejected', key.integration.name, 'excused');
    return about;
  }

  private successorOf(key: TokenKey, refused: Token, asking: Asking): Promise<Token | undefined> {
    return this.parts.supply.replace(key, refused, asking).catch(() => undefined);
  }

  private answerOf(key: TokenKey, status: UpstreamStatus): ReturnType<typeof answerAbout> {
    return answerAbout(status, key.integration.policy.renewOn);
  }
}
