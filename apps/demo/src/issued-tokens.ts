import { isDeepStrictEqual } from 'node:util';
import { type Adapter, type AdapterPayload } from 'oidc-provider';

/** State of a token; `unknown` was never issued, or too long ago. */
export type TokenState = 'active' | 'expired' | 'revoked' | 'unknown';

interface IssuedToken {
  readonly payload: AdapterPayload;
  readonly expiresAt: number;
  revoked: boolean;
  repeats: number;
}

/** Number of tokens that are remembered, so that an expired token can be told from an unknown one. */
const REMEMBERED = 100_000;

/**
 * All tokens that were issued, with their expiry to the millisecond. `oidc-provider` rounds to seconds. A check that is a second
 * off would miss a gateway that sends expired tokens, or accuse one that does not.
 */
export class IssuedTokens {
  minted = 0;
  private readonly tokens = new Map<string, IssuedToken>();

  constructor(private readonly lifeMs: () => number) {}

  add(id: string, payload: AdapterPayload): void {
    this.minted++;
    this.tokens.set(id, { payload, expiresAt: Date.now() + this.lifeMs(), revoked: false, repeats: 0 });
    if (this.tokens.size > REMEMBERED) this.tokens.delete(String(this.tokens.keys().next().value));
  }

  stateOf(id: string): TokenState {
    const token = this.tokens.get(id);
    if (!token) return 'unknown';
    if (token.revoked) return 'revoked';
    return token.expiresAt > Date.now() ? 'active' : 'expired';
  }

  find(id: string): AdapterPayload | undefined {
    return this.stateOf(id) === 'active' ? this.tokens.get(id)?.payload : undefined;
  }

  /**
   * Takes back a token that was just issued, if the one before it that serves the same is active; gives that, and what is left of
   * its life.
   */
  repeatInsteadOf(id: string): { id: string; leftMs: number } | undefined {
    const issued = this.tokens.get(id);
    if (!issued) return undefined;
    const earlier = [...this.tokens].findLast(
      ([other, { payload }]) => other !== id && this.stateOf(other) === 'active' && isSame(payload, issued.payload),
    );
    if (!earlier) return undefined;
    this.tokens.delete(id);
    this.minted--;
    const [repeated, token] = earlier;
    token.repeats++;
    return { id: repeated, leftMs: token.expiresAt - Date.now() };
  }

  /** How often a token was given again. */
  repeatsOf(id: string): number | undefined {
    return this.tokens.get(id)?.repeats;
  }

  revoke(id: string): void {
    const token = this.tokens.get(id);
    if (token) token.revoked = true;
  }

  revokeAll(): void {
    for (const token of this.tokens.values()) token.revoked = true;
  }

  reset(): void {
    this.minted = 0;
    this.tokens.clear();
  }

  /** The storage of a model of `oidc-provider`. Only access tokens of client credentials are kept. */
  adapterFor(model: string): Adapter {
    const issued = model === 'ClientCredentials' ? this : undefined;
    const nothing = () => Promise.resolve(undefined);
    return {
      upsert: async (id, payload) => issued?.add(id, payload),
      find: async (id) => issued?.find(id),
      destroy: async (id) => issued?.revoke(id),
      consume: nothing,
      findByUid: nothing,
      findByUserCode: nothing,
      revokeByGrantId: nothing,
    };
  }
}

/** Whether both were asked for in the same words. */
function isSame(one: AdapterPayload, other: AdapterPayload): boolean {
  return isDeepStrictEqual([one.clientId, one.scope, one['aud']], [other.clientId, other.scope, other['aud']]);
}
