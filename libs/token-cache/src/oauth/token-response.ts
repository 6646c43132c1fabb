import { TokenResponseInvalidError } from '../core/contract/token-cache.errors.js';
import { type MintedToken } from '../core/contract/token-source.js';
import { VISIBLE_ASCII } from '../core/contract/visible-ascii.js';
import { type AnswerFields, readFields } from './answer-body.js';
import { errorCodeOf, saysError } from './error-code.js';
import { type ClientAuthMethod } from './oauth-client.options.js';
import { retryAfterMs } from './retry-after.js';
import { refuse, refuseFields } from './source-errors.js';
import { expiresAtOf, expiresInMsOf } from './token-expiry.js';
import { tokenTypeOf } from './token-type.js';

/** What a token was asked for with. */
export interface Asked {
  /** The server, for error messages. */
  readonly where: string;
  readonly clientAuth: ClientAuthMethod;
  /** The type of token that the options name. */
  readonly tokenType?: string | undefined;
}

/**
 * Reads the token in the answer of a token endpoint (RFC 6749 section 5.1), in all the forms that providers give it.
 * oauth4webapi's own function is not used: it refuses most of them, and loses the error code of a 401 with a challenge.
 *
 * @throws TokenSourceError as the answer says
 */
export async function readToken(
  response: Response,
  { where, clientAuth, tokenType: wanted }: Asked,
): Promise<MintedToken> {
  const { status, headers } = response;
  if (status < 200 || status > 299) await refuse(where, response, clientAuth);
  const fields = await readFields(response);
  const answeredAt = instantOf(headers.get('date'));
  if (fields && saysError(fields)) refuseFields(where, { status, headers, fields, clientAuth });
  return {
    accessToken: accessTokenOf(where, fields, response),
    tokenType: typeOf(where, fields?.['token_type'], wanted),
    expiresInMs: fields && expiresInMsOf(fields),
    expiresAt: fields && expiresAtOf(fields, answeredAt ?? Date.now()),
    scope: scopeOf(fields?.['scope']),
    answeredAt,
  };
}

function accessTokenOf(where: string, fields: AnswerFields | undefined, response: Response): string {
  const token = fields?.['access_token'];
  if (typeof token === 'string' && VISIBLE_ASCII.test(token)) return token;
  const problem = fields
    ? "answered without a usable access_token: check its URL and this client's settings"
    : 'did not answer with a JSON object or a form: check its URL';
  throw new TokenResponseInvalidError(`${where} ${problem}`, {
    oauthError: errorCodeOf(fields),
    retryAfterMs: retryAfterMs(response),
  });
}

function typeOf(where: string, stated: unknown, wanted: string | undefined): string {
  const type = tokenTypeOf(stated, wanted);
  if (type !== undefined) return type;
  throw new TokenResponseInvalidError(
    `${where} answered with a token_type other than ${wanted ?? 'Bearer'}: have the server issue such tokens, or name the type ` +
      'in the option tokenType',
  );
}

/** A text (RFC 6749 section 3.3), or a list of texts, as Twitch writes it. */
function scopeOf(stated: unknown): string | undefined {
  const scopes = [stated].flat();
  return scopes.every((scope) => typeof scope === 'string') ? scopes.join(' ') : undefined;
}

function instantOf(date: string | null): number | undefined {
  return Date.parse(date ?? '') || undefined;
}
