import { type AllowedHttp, isProtocolAllowed } from '@mintonce/token-cache/oauth';
import { z } from 'zod';
import { FORWARDED_METHODS } from '../proxy/proxy.methods.js';
import { decodeKeyHash } from './key-hash.js';

const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, ".", "_" and "-", for the audit lines');

const method = z
  .string()
  .toUpperCase()
  .refine((name) => FORWARDED_METHODS.has(name), 'is not a method that the gateway forwards');

const pathPrefix = z
  .string()
  .regex(/^\//, 'must begin with a slash')
  .refine((path) => !/[^\x21-\x7e]|[%;\\?#]|\/\/|\/\.{1,2}(\/|$)/.test(path), {
    message: 'must be a plain path: no escapes, no ";", no "//", no dot segments, no query',
  });

/** What a caller may do; each list that is missing allows everything of its kind. */
const grantFields = {
  /** Names of integrations, or `*` for all. */
  integrations: z.array(z.string()).min(1, 'must name an integration, or "*" for all'),
  /** Methods of requests to `/proxy`. @defaultValue all that are forwarded */
  methods: z.array(method).optional(),
  /** Prefixes of the path behind `/proxy/<integration>`, by whole segments. @defaultValue all */
  paths: z.array(pathPrefix).optional(),
  /** Whether it may purge its integrations. */
  purge: z.boolean().default(false),
  /** Whether it is given the tokens of its integrations themselves. */
  token: z.boolean().default(false),
};

/** One hash or several. A union of both would not tell which of them is wrong, and how. */
const keyHashes = z.unknown().transform((value, context): Buffer[] => {
  const refuse = (message: string, ...path: number[]): void => context.addIssue({ code: 'custom', path, message });
  if (value === undefined) refuse('is missing');
  const list = Array.isArray(value) ? value : [value ?? ''];
  if (list.length === 0) refuse('must hold the hash of a key');
  return list.flatMap((item: unknown, index) => {
    const hash = decodeKeyHash(typeof item === 'string' ? item : '');
    if (typeof hash !== 'string') return [hash];
    refuse(hash, ...(Array.isArray(value) ? [index] : []));
    return [];
  });
});

const apiKey = z.strictObject({
  id,
  /** The hash of each of its keys, in hex or Base64; several while a key is replaced by another. */
  sha256: keyHashes,
  ...grantFields,
});

/** Signatures that a public key checks. With a secret that both sides know, the issuer's public key would be that secret. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const text = z.string().min(1, 'must not be empty');

const jwtFields = z.strictObject({
  /** As `iss` of the token spells it. */
  issuer: text,
  /** What `aud` of the token must name. */
  audience: z.union([text, z.array(text).min(1, 'must name an audience')]),
  /** Where its keys are. @defaultValue what its metadata say */
  jwksUri: text.optional(),
  /** @defaultValue all with a public key */
  algorithms: z
    .array(z.string().refine((name) => ALGORITHMS.includes(name), `must be one of ${ALGORITHMS.join(', ')}`))
    .min(1, 'must name an algorithm')
    .default(ALGORITHMS),
  /** Claims that the token must have, such as a scope. @defaultValue none */
  claims: z.record(text, text).optional(),
  /** Allows an issuer on this machine without TLS. */
  allowInsecureRequests: z.boolean().optional(),
  /** Allows an issuer beyond this machine without TLS. */
  allowPlainHttp: z.boolean().optional(),
  ...grantFields,
});

const jwt = jwtFields.superRefine(({ issuer, jwksUri, ...allowed }, context) => {
  for (const [field, value] of Object.entries({ issuer, jwksUri })) {
    const problem = value === undefined ? undefined : addressProblem(value, allowed);
    if (problem) context.addIssue({ code: 'custom', path: [field], message: problem });
  }
});

function addressProblem(value: string, allowed: AllowedHttp): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !['https:', 'http:'].includes(url.protocol)) return 'must be an https URL';
  if (url.username || url.password) return 'must not hold credentials';
  if (isProtocolAllowed(url, allowed)) return undefined;
  return 'must be https: who could exchange the keys on the way could let anybody in';
}

/** Who may use the gateway. */
export const access = z.strictObject({ apiKeys: z.array(apiKey).default([]), jwt: z.array(jwt).default([]) });

export type AccessConfig = z.infer<typeof access>;
export type JwtConfig = z.infer<typeof jwt>;
/** What one caller may do. */
export type GrantConfig = Omit<AccessConfig['apiKeys'][number], 'id' | 'sha256'>;
