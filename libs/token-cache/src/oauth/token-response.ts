import { TokenResponseInvalidError } from '../core/contract/token-cache.errors.js';
import { type MintedToken } from '../core/contract/token-source.js';
import { readJsonObject } from './bounded-body.js';
import { oauthErrorOf, refuse } from './source-errors.js';

/** What may stand in a header after `Bearer` (RFC 6750 section 2.1, and the `|`, `!` and `:` that are seen in practice). */
const VISIBLE = /^[\x21-\x7e]+$/;

/**
 * The token in the answer of a token endpoint (RFC 6749 section 5.1). Read here and not by oauth4webapi, which
 * refuses lives that we count as missing, and drops the error code of a 401 with a challenge.
 *
 * @throws TokenSourceError
 */
export async function readToken(where: string, response: Response): Promise<MintedToken> {
  if (response.status !== 200) await refuse(where, response);
  const body = await readJsonObject(response);
  if (!body) throw new TokenResponseInvalidError(`${where} did not answer with a JSON object`);
  const { access_token: accessToken, token_type: tokenType = 'Bearer', scope } = body;
  if (typeof accessToken !== 'string' || !VISIBLE.test(accessToken)) {
    throw new TokenResponseInvalidError(`${where} answered without a usable access_token`, {
      oauthError: oauthErrorOf(body),
    });
  }
  if (typeof tokenType !== 'string' || tokenType.toLowerCase() !== 'bearer') {
    throw new TokenResponseInvalidError(`${where} answered with a token_type other than Bearer`);
  }
  return {
    accessToken,
    tokenType,
    expiresInMs: lifeMs(body.expires_in),
    ...(typeof scope === 'string' && { scope }),
  };
}

/** `expires_in` in ms; undefined when no number above 0 can be read from it. */
function lifeMs(expiresIn: unknown): number | undefined {
  const isNumeric = typeof expiresIn === 'number' || (typeof expiresIn === 'string' && /^\d+(\.\d+)?$/.test(expiresIn));
  const life = isNumeric ? Math.floor(Number(expiresIn) * 1000) : NaN;
  return life > 0 && Number.isSafeInteger(life) ? life : undefined;
}
