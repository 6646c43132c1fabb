import { isIPv6 } from 'node:net';
import { z } from 'zod';

/** A server of a Sentinel or Cluster deployment. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const FORM = /^(?:\[([0-9a-f:.]+)\]|([^\s:/@[\]]+))(?::(\d{1,5}))?$/i;
const EXPECTED = 'must be host:port, or a mapping of host and port';

/** A port; a variable of the environment gives it as text. */
export const port = z
  .union(
    [
      z.int(),
      z
        .string()
        .regex(/^\d{1,5}$/)
        .transform(Number),
    ],
    'must be a number from 1 to 65535',
  )
  .refine((value) => value >= 1 && value <= 65_535, 'must be a number from 1 to 65535');

/** The name or the address of a host, without a port. */
export const host = z
  .string()
  .refine(
    (value) => isIPv6(value) || /^[^\s:/@[\]]+$/.test(value),
    'must be the name or the address of a host, without a port',
  );

/** A list of servers, as `host:port`, `[address]:port`, or mappings of `host` and `port`. */
export function endpoints(defaultPort: number) {
  const endpoint = z.unknown().transform((value, context): Endpoint => {
    const found = parse(value, defaultPort);
    if (!found) context.addIssue({ code: 'custom', message: EXPECTED });
    return found ?? { host: '', port: 0 };
  });
  return z.array(endpoint).min(1, 'must name at least one server');
}

function parse(value: unknown, defaultPort: number): Endpoint | undefined {
  if (typeof value === 'object' && value !== null) return fromMapping(value);
  const [, address, name, digits = String(defaultPort)] = FORM.exec(typeof value === 'string' ? value : '') ?? [];
  return fromMapping({ host: address ?? name, port: digits });
}

const mapping = z.strictObject({ host, port });

function fromMapping(value: object): Endpoint | undefined {
  return mapping.safeParse(value).data;
}
