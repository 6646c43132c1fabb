import { TokenResponseInvalidError } from '../core/contract/token-cache.errors.js';
import { type MintedToken } from '../core/contract/token-source.js';
import { readJsonObject } from './bounded-body.js';
import { oauthErrorOf, refuse } from './source-errors.js';

/** Characters of an access token: RFC 6750 section 2.1, and the `|`, `!` and `:` that servers use in practice. */
const VISIBLE = /^[\x21-\x7e]+$/;

/**
 * Reads the token in the answer of a token endpoint (RFC 6749 section 5.1). oauth4webapi's own function is not used: it refuses
 * an `expires_in` that is taken for missing here, and loses the error code of a 401 with a challenge.
 *
 * @throws TokenSourceError as the answer says
 */
export async function readToken(where: string, response: Response): Promise<MintedToken> {
  if (response.status !== 200) await refuse(where, response);
  const body = await readJsonObject(response);
  if (!body) throw new TokenResponseInvalidError(`${where} did not answer with a JSON object: check its URL`);
  const { access_token: accessToken, token_type: tokenType = 'Bearer', scope } = body;
  if (typeof accessToken !== 'string' || !VISIBLE.test(accessToken)) {
    throw new TokenResponseInvalidError(
      `${where} answered without a usable access_token: check its URL and this client's settings`,
      {
        oauthError: oauthErrorOf(body),
      },
    );
  }
  if (typeof tokenType !== 'string' || tokenType.toLowerCase() !== 'bearer') {
    throw new TokenResponseInvalidError(
      `${where} answered with a token_type other than Bearer: have the server issue Bearer tokens`,
    );
  }
  return {
    accessToken,
    tokenType,
    expiresInMs: lifeMs(body.expires_in),
    scope: typeof scope === 'string' ? scope : undefined,
  };
}

/** `expires_in` in ms; undefined when it is not a number, or a numeric string, above 0. */
function lifeMs(expiresIn: unknown): number | undefined {
  const isNumeric = typeof expiresIn === 'number' || (typeof expiresIn === 'string' && /^\d+(\.\d+)?$/.test(expiresIn));
  const life = isNumeric ? Math.floor(Number(expiresIn) * 1000) : NaN;
  return life > 0 && Number.isSafeInteger(life) ? life : undefined;
}
