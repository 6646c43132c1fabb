import { type IntegrationStatus, type Token } from '@mintonce/token-cache';
import { type ExpiryJudge } from './expiry-judge.js';
import { type HandJudge } from './hand-judge.js';
import { type JudgedWorld } from './judged-world.js';
import { type Process } from './process.js';
import { type GivenToken, type RejectionJudge } from './rejection-judge.js';
import { type KnownRequest } from './requests.js';
import { type PublishedToken } from './store-truth.js';
import { NETWORK_MS, Witness } from './witness.js';

/** Somebody who asked a process what it knows of a token. */
export interface Look {
  readonly process: Process;
  readonly request: KnownRequest;
  readonly askedAt: number;
}

/** Judges what a process tells of a token with `peek()` and `status()`, which have none minted. */
export class LookJudge extends Witness {
  constructor(
    world: JudgedWorld,
    private readonly hands: HandJudge,
    private readonly rejections: RejectionJudge,
    private readonly expiries: ExpiryJudge,
  ) {
    super(world);
  }

  begins(process: Process, request: KnownRequest): Look {
    this.world.say(process.name, 'is looked at', request);
    return { process, request, askedAt: this.now };
  }

  /** `peek()` gave a token, or none. */
  peeked(look: Look, token: Token | undefined): void {
    if (token) this.found(look, token);
    else this.missed(look, 'no token');
  }

  /** `status()` told of a token, of none, or of nothing. */
  told(look: Look, { state, generation }: IntegrationStatus): void {
    if (state === 'unknown') return this.unanswered(look, state);
    if (state !== 'valid') return this.missed(look, state);
    const token = this.sharedAs(look, generation);
    if (token) this.found(look, { accessToken: token.accessToken, generation: token.fence });
  }

  /** `peek()` threw. */
  failed(look: Look, error: unknown): void {
    const { code } = error as { code?: unknown };
    this.verdict.expect(code === 'TOKEN_STORE_UNAVAILABLE', 'callers hear errors of this library only', () =>
      String(error),
    );
    this.unanswered(look, String(code));
  }

  /** The token of that generation, unless the process has one that was never shared: that may have the generation of another. */
  private sharedAs({ process, request: { label } }: Look, generation: number | undefined): PublishedToken | undefined {
    const { tokens } = process.knowledgeOf(label);
    const known = [...tokens.keys()];
    if (known.some((accessToken) => this.generationsOf(label, accessToken).length === 0)) return undefined;
    const { published = [] } = this.truthOf(label) ?? {};
    return published.findLast(({ fence, accessToken }) => fence === generation && tokens.has(accessToken));
  }

  private unanswered(look: Look, what: string): void {
    this.verdict.expect(!this.isCalm, 'nobody hears an error in calm weather', () => `${look.process.name}: ${what}`);
    this.missed(look, what);
  }

  private found({ process, request: { label }, askedAt }: Look, token: GivenToken): void {
    const { accessToken } = token;
    this.world.say(process.name, `tells of ${accessToken}`, { label });
    const known = this.world.idp.tokens.get(accessToken);
    this.verdict.expect(known?.label === label, 'no token is given out for another request', () => {
      return `${process.name} found ${accessToken} of ${known?.label} for ${label}`;
    });
    this.expiries.given(process, label, accessToken, 0);
    this.rejections.given(process, label, token, askedAt);
    this.rejections.found(process, label, token, askedAt);
  }

  /** No token was found: then the process holds none, and none was shared before somebody looked. */
  private missed({ process, request: { label }, askedAt }: Look, what: string): void {
    this.world.say(process.name, `tells of ${what}`, { label });
    const held = process.serves ? this.hands.settledIn(process, label) : undefined;
    const isHeld = held !== undefined && !this.world.idp.repeated.has(held);
    this.verdict.expect(!isHeld, 'what is valid is found', () => `${process.name} held ${held} and told ${what}`, {
      label,
      process: process.name,
    });
    const shared = this.sharedSince(label, askedAt);
    // By a clock that was set ahead meanwhile it was over when it came.
    const isCalledOver = process.setAheadAt.some((at) => at >= askedAt);
    this.verdict.expect(!shared || isCalledOver || !this.isOrderlyFor(label), 'what is valid is found', () => {
      return `${process.name} told ${what}, although ${shared?.accessToken} is shared`;
    });
  }

  /** A token that everybody could have had since then, and can have for a while. */
  private sharedSince(label: string, since: number): PublishedToken | undefined {
    const shared = this.truthOf(label)?.current;
    const isValid = shared && shared.storedAt < since && this.hardExpiryOf(shared) > this.now + NETWORK_MS;
    return isValid ? shared : undefined;
  }
}
