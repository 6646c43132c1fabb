import { type KoaContextWithOIDC } from 'oidc-provider';
import { type Settings } from './identity-provider-settings.js';
import { type IssuedTokens } from './issued-tokens.js';
import { type TokenCall } from './token-calls.js';

export type Middleware = (ctx: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void>;

/** RFC 6749 section 5.1; an error has none of these. */
interface TokenAnswer {
  access_token?: string;
  expires_in?: number;
}

/** What the answer grants, if it is a token. */
export function grantedBy(ctx: KoaContextWithOIDC, tokens: IssuedTokens): Pick<TokenCall, 'expiresInS' | 'repeats'> {
  const { access_token: id, expires_in: expiresInS } = (ctx.body ?? {}) as TokenAnswer;
  return id === undefined ? {} : { expiresInS, repeats: tokens.repeatsOf(id) };
}

/** Answers with the token that the client has already, as set. */
export function repeating(tokens: IssuedTokens, settings: () => Settings): Middleware {
  return async (ctx, next) => {
    await next();
    if (ctx.path !== '/token' || !settings().repeatsTokens) return;
    const answer = (ctx.body ?? {}) as TokenAnswer;
    const repeated = answer.access_token === undefined ? undefined : tokens.repeatInsteadOf(answer.access_token);
    if (!repeated) return;
    answer.access_token = repeated.id;
    answer.expires_in = Math.floor(repeated.leftMs / 1_000);
  };
}
