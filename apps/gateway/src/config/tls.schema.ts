import { z } from 'zod';

const pem = z.string().min(1, 'must not be empty');

/** What a TLS connection is verified with, and what it presents. Each PEM may be `file:` and the path of a file that holds it. */
export const tls = z
  .strictObject({
    /** Certificates of the authorities that are trusted. @defaultValue those of Node and of `NODE_EXTRA_CA_CERTS` */
    ca: pem.optional(),
    /** The client's certificate, with those between it and its authority. @defaultValue none is presented */
    cert: pem.optional(),
    /** The private key of `cert`, not encrypted. */
    key: pem.optional(),
    /** The name that the server's certificate must have, and that is asked for (SNI). @defaultValue the host of the URL */
    serverName: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i, 'must be the name of a host')
      .optional(),
  })
  .superRefine(({ cert, key }, context) => {
    const missing = key === undefined ? 'key' : 'cert';
    if ((cert === undefined) === (key === undefined)) return;
    context.addIssue({ code: 'custom', path: [missing], message: 'is missing: cert and key go together' });
  });

export type TlsSection = z.infer<typeof tls>;
