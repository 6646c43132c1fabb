import { decodeJwt, errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { type JwtConfig } from '../config/access.schema.js';
import { type Caller } from './caller.js';
import { hasClaims } from './claims.js';
import { Grant } from './grant.js';
import { type IssuerFetch } from './issuer-fetch.js';
import { IssuerKeys, IssuerUnavailableError, type Key } from './issuer-keys.js';

/** By how much the clock of an issuer may differ. */
const CLOCK_TOLERANCE_S = 5;
const MAX_ID_LENGTH = 128;
const LOOKS_LIKE_JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

interface Rule extends JwtConfig {
  readonly grant: Grant;
  readonly keys: IssuerKeys;
}

/** The callers that are known by a token of an issuer (RFC 7519). */
export class JwtCallers {
  private readonly rules: readonly Rule[];
  private readonly keysOf = new Map<string, IssuerKeys>();

  /** @param former callers whose keys are known already: an issuer that is down needs not be asked again for them */
  constructor(
    config: readonly JwtConfig[],
    private readonly fetch: IssuerFetch,
    former?: JwtCallers,
  ) {
    this.rules = config.map((rule) => {
      const { issuer, jwksUri, allowInsecureRequests, allowPlainHttp } = rule;
      const address = JSON.stringify([issuer, jwksUri, allowInsecureRequests, allowPlainHttp]);
      const keys = this.keysOf.get(address) ?? former?.keysOf.get(address) ?? new IssuerKeys(rule, fetch);
      this.keysOf.set(address, keys);
      return { ...rule, grant: new Grant(rule), keys };
    });
  }

  /** The callers by other rules. */
  replacedBy(config: readonly JwtConfig[]): JwtCallers {
    return new JwtCallers(config, this.fetch, this);
  }

  /** Whether a value may be a token of one of the issuers; nothing of it is verified. */
  mayKnow(token: string): boolean {
    return this.rulesFor(token).length > 0;
  }

  /**
   * The caller whose token it is, by the first rule that the token satisfies.
   *
   * @throws IssuerUnavailableError when the keys of its issuer cannot be had
   */
  async callerOf(token: string): Promise<Caller | undefined> {
    for (const rule of this.rulesFor(token)) {
      const claims = await verify(token, rule);
      if (claims && hasClaims(claims, rule.claims)) return { id: idOf(rule.issuer, claims), grant: rule.grant };
    }
    return undefined;
  }

  /** The rules of the issuer that the token names. It has to prove that with a key of that very issuer. */
  private rulesFor(token: string): readonly Rule[] {
    const issuer = LOOKS_LIKE_JWT.test(token) ? unverifiedIssuer(token) : undefined;
    return issuer === undefined ? [] : this.rules.filter((rule) => rule.issuer === issuer);
  }
}

function unverifiedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

async function verify(token: string, rule: Rule): Promise<JWTPayload | undefined> {
  try {
    return await verifiedBy((header, input) => rule.keys.keyOf(header, input), token, rule);
  } catch (error) {
    if (error instanceof IssuerUnavailableError) throw error;
    return error instanceof errors.JWKSMultipleMatchingKeys ? verifyByAny(error, token, rule) : undefined;
  }
}

/** A token that names no key may be of any: while an issuer changes its key, it publishes two. */
async function verifyByAny(keys: AsyncIterable<Key>, token: string, rule: Rule): Promise<JWTPayload | undefined> {
  for await (const key of keys) {
    const claims = await verifiedBy(async () => key, token, rule).catch(() => undefined);
    if (claims) return claims;
  }
  return undefined;
}

async function verifiedBy(
  keyOf: JWTVerifyGetKey,
  token: string,
  { issuer, audience, algorithms }: Rule,
): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, keyOf, {
    issuer,
    audience,
    algorithms,
    requiredClaims: ['exp'],
    clockTolerance: CLOCK_TOLERANCE_S,
  });
  return payload;
}

/** The client (RFC 9068 section 2.2, OpenID Connect), or else the subject; that of another issuer is somebody else. */
function idOf(issuer: string, claims: JWTPayload): string {
  const id = [claims['client_id'], claims['azp'], claims.sub].find((claim) => typeof claim === 'string');
  return `jwt:${new URL(issuer).host}:${typeof id === 'string' ? id.slice(0, MAX_ID_LENGTH) : ''}`;
}
