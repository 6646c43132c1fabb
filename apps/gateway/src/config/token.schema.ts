import { z } from 'zod';

const text = z.string().min(1, 'must not be empty');
const texts = z.union([text, z.array(text)]);

/** Where the access token comes from. The source itself checks the URLs, the parameters and the headers. */
export const token = z.strictObject({
  grant: z.literal('client_credentials'),
  issuer: text.optional(),
  tokenEndpoint: text.optional(),
  clientId: text,
  /** The secret, or `file:` and the path of a file that holds it. */
  clientSecret: text,
  clientAuth: z.enum(['client_secret_basic', 'client_secret_basic_raw', 'client_secret_post']).optional(),
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
});
