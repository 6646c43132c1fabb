import { type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { recordingUpstream } from './recording-upstream.js';

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

/** An issuer of signed tokens: its metadata and its keys over HTTP. */
export interface TokenIssuer {
  readonly url: string;
  /** Paths that it was asked for. */
  readonly asked: string[];
  /** The public key that it signs with now. */
  publicJwk(): JWK;
  /** A token of `shop` for `gateway` that lives for a minute, unless the claims say otherwise. */
  sign(claims?: JWTPayload, header?: Record<string, unknown>): Promise<string>;
  /** Signs with a new key from now on; the old one is published no more, unless it is kept. */
  rotate(options?: { keep: boolean }): Promise<void>;
  /** Whether it answers; else with 503. */
  isUp: boolean;
  /** Whether it has OpenID metadata, beside those of RFC 8414. */
  isOpenId: boolean;
  /** Keeps its answers back until the function that it returns is called. */
  hold(): () => void;
  close(): Promise<void>;
}

/** Starts an issuer. */
export async function tokenIssuer(algorithm = 'ES256'): Promise<TokenIssuer> {
  const server = await recordingUpstream();
  let count = 0;
  let pair: KeyPair;
  let jwk: JWK;
  let kept: JWK[] = [];
  async function rotate({ keep } = { keep: false }): Promise<void> {
    kept = keep ? [...kept, jwk] : [];
    pair = await generateKeyPair(algorithm, { extractable: true });
    jwk = { ...(await exportJWK(pair.publicKey)), kid: `key-${++count}`, alg: algorithm, use: 'sig' };
  }
  await rotate();
  const issuer: TokenIssuer = {
    url: server.url,
    get asked() {
      return server.seen.map(({ url }) => url);
    },
    publicJwk: () => jwk,
    sign: (claims = {}, header = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const usual = { iss: server.url, aud: 'gateway', sub: 'shop', iat: now, exp: now + 60 };
      return new SignJWT({ ...usual, ...claims })
        .setProtectedHeader({ alg: algorithm, kid: jwk.kid, ...header })
        .sign(pair.privateKey);
    },
    rotate,
    isUp: true,
    isOpenId: true,
    hold() {
      const waiting: (() => void)[] = [];
      held = waiting;
      return () => {
        held = undefined;
        for (const answer of waiting) answer();
      };
    },
    close: () => server.close(),
  };
  let held: (() => void)[] | undefined;
  server.behave((request, response) => {
    if (held) held.push(() => answer(request, response));
    else answer(request, response);
  });
  return issuer;

  function answer({ url = '' }: IncomingMessage, response: ServerResponse): void {
    const documents: Record<string, object> = {
      '/.well-known/oauth-authorization-server': { issuer: server.url, jwks_uri: `${server.url}/keys` },
      '/keys': { keys: [...kept, jwk] },
    };
    if (issuer.isOpenId) {
      documents['/.well-known/openid-configuration'] = documents['/.well-known/oauth-authorization-server']!;
    }
    const document = documents[url];
    response.writeHead(!issuer.isUp ? 503 : document ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ?? {}));
  }
}
