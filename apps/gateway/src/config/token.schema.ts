import { type ClientAuthMethod } from '@mintonce/token-cache/oauth';
import { z } from 'zod';
import { tls } from './tls.schema.js';

const text = z.string().min(1, 'must not be empty');
const texts = z.union([text, z.array(text)]);

/**
 * Where the access token comes from. The source itself checks the URLs, `clientAuth`, the parameters and the headers. Secrets, parameters and
 * headers may be `file:` and the path of a file that holds the value, which is read at each mint.
 */
const fields = z.strictObject({
  grant: z.literal('client_credentials'),
  issuer: text.optional(),
  tokenEndpoint: text.optional(),
  clientId: text,
  /** Needed unless `clientAuth` is `tls_client_auth`. */
  clientSecret: text.optional(),
  clientAuth: z.custom<ClientAuthMethod>().optional(),
  /** The TLS connections to the identity provider. */
  tls: tls.optional(),
  scope: texts.optional(),
  audience: text.optional(),
  resource: texts.optional(),
  /** Further parameters of the token request's body. */
  parameters: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
  /** Further headers of the token request. */
  headers: z.record(z.string(), text).optional(),
  /** The type of the tokens, for servers that answer with another one than Bearer. */
  tokenType: text.optional(),
  allowInsecureRequests: z.boolean().optional(),
  /** Allows an identity provider beyond this machine without TLS. */
  allowPlainHttp: z.boolean().optional(),
});

export const token = fields.superRefine(({ clientAuth, clientSecret, tls }, context) => {
  const missing = (field: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [field], message });
  if (clientAuth !== 'tls_client_auth' && clientSecret === undefined) missing('clientSecret', 'is missing');
  if (clientAuth === 'tls_client_auth' && tls?.cert === undefined) {
    missing('tls.cert', 'is missing: clientAuth tls_client_auth logs in with cert and key');
  }
});
