import { z } from 'zod';

const text = z.string().min(1, 'must not be empty');
const port = z.int().min(0, 'must be at least 0').max(65_535, 'must be at most 65535');

/** The certificate chain and the key in PEM, or `file:` and the path of each; files are read again when they change. */
const tls = z.strictObject({ cert: text, key: text });

/** The name of a host, without a port, in lower case. */
export const hostName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i, 'must be the name of a host, without a port')
  .toLowerCase();

/** The door for callers. `HOST` and `PORT` of the environment win over it. */
export const listen = z.strictObject({
  /** @defaultValue 127.0.0.1 */
  host: text.optional(),
  /** @defaultValue 3000 */
  port: port.optional(),
  /** @defaultValue none: the gateway speaks HTTP in the clear */
  tls: tls.optional(),
  /** Names by which the gateway is called, beside loopback names. @defaultValue none */
  hosts: z.array(hostName).default([]),
});

/** A door of its own for `/health`, `/metrics` and the API, without `/proxy`. */
export const operations = z.strictObject({
  host: text.default('127.0.0.1'),
  port,
  tls: tls.optional(),
});

export type ListenConfig = z.infer<typeof listen>;
export type OperationsConfig = z.infer<typeof operations>;
export type TlsConfig = z.infer<typeof tls>;
