import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { tls } from '../tls.schema.js';
import { endpoints, host, port } from './endpoint.js';

const text = z.string().min(1, 'must not be empty');

const tlsOrSwitch = z.union([z.boolean(), tls]);

/** Which fields name the servers; exactly one of them does. */
const ADDRESSES = ['url', 'host', 'sentinels', 'cluster'] as const;

const fields = z.strictObject({
  /** `redis://` or `rediss://` and host, port and number of the database, or the absolute path of a unix socket. */
  url: text
    .superRefine((value, context) => {
      const problem = urlProblem(value);
      if (problem) context.addIssue({ code: 'custom', message: problem });
    })
    .optional(),
  /** Name or address of one server. */
  host: host.optional(),
  /** Port of `host`. @defaultValue 6379 */
  port: port.optional(),
  /** The Sentinels that know the primary; port 26379 unless they say another one. */
  sentinels: endpoints(26_379).optional(),
  /** The name under which the Sentinels know the primary. */
  sentinelName: text.optional(),
  /** User of the Sentinels themselves. */
  sentinelUsername: text.optional(),
  /** Password of the Sentinels themselves, or `file:` and the path of a file that holds it. */
  sentinelPassword: text.optional(),
  /** TLS on the way to the Sentinels. @defaultValue as `tls` */
  sentinelTls: tlsOrSwitch.optional(),
  /** Some nodes of a Redis Cluster; port 6379 unless they say another one. The others are found by them. */
  cluster: endpoints(6_379).optional(),
  /** User of Redis' access control list. */
  username: text.optional(),
  /** Password, or `file:` and the path of a file that holds it; read again at each connection. */
  password: text.optional(),
  /** Number of the database. @defaultValue 0 */
  db: z
    .union(
      [
        z.int(),
        z
          .string()
          .regex(/^\d{1,5}$/)
          .transform(Number),
      ],
      'must be a whole number of at least 0',
    )
    .refine((value) => value >= 0, 'must be a whole number of at least 0')
    .optional(),
  /** What all keys and the channel begin with, before `mintonce:`. @defaultValue nothing */
  keyPrefix: text.regex(/^[^{}\s]+$/, 'must not hold braces or white space').optional(),
  /** `true`, or how the connection is secured. @defaultValue on with `rediss://`, else off */
  tls: tlsOrSwitch.optional(),
});

/** The `redis` section. */
export const redis = fields.superRefine((value, context) => {
  for (const [path, message] of conflicts(value))
    context.addIssue({ code: 'custom', path: path ? [path] : [], message });
});

export type RedisFile = z.infer<typeof redis>;

function urlProblem(value: string): string | undefined {
  const isQueried = !isAbsolute(value) && /[?#]/.test(value);
  return isQueried ? 'must not hold a query or a fragment: write the options beside it' : redisUrlProblem(value);
}

/** What is wrong with a URL of Redis, if anything; a query may follow it. */
export function redisUrlProblem(value: string): string | undefined {
  if (isAbsolute(value)) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^rediss?:$/.test(url.protocol))
    return 'must be a redis:// or rediss:// URL, or the path of a unix socket';
  if (!url.hostname) return 'must name a host';
  if (!/^(\/\d{0,5})?$/.test(url.pathname)) return 'must end in the number of a database, or in nothing';
  if (!isDecodable(url.username + url.password)) return 'must hold "%" of the password as "%25"';
  return undefined;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Fields that cannot go together, with what to do. */
function* conflicts(file: z.infer<typeof fields>): Generator<[path: string, message: string]> {
  const [address, second] = ADDRESSES.filter((field) => file[field] !== undefined);
  if (!address) yield ['', 'must name a server: give url, host, sentinels or cluster'];
  if (address && second) yield [second, `cannot be given together with ${address}: remove one of them`];
  if (file.port !== undefined && file.host === undefined) yield ['port', 'needs host'];
  if (file.sentinels && !file.sentinelName)
    yield ['sentinelName', 'is missing: the Sentinels know the primary by a name'];
  if (!file.sentinels)
    yield* unused(file, ['sentinelName', 'sentinelUsername', 'sentinelPassword', 'sentinelTls'], 'needs sentinels');
  if (file.cluster) yield* unused(file, ['db'], 'is always 0 on a cluster: remove it');
  if (file.username !== undefined && file.password === undefined) yield ['username', 'needs password'];
  if (file.sentinelUsername !== undefined && file.sentinelPassword === undefined)
    yield ['sentinelUsername', 'needs sentinelPassword'];
  if (file.url !== undefined) yield* urlConflicts(file, file.url);
}

function* urlConflicts(file: z.infer<typeof fields>, value: string): Generator<[path: string, message: string]> {
  if (isAbsolute(value)) yield* unused(file, ['tls'], 'is not for a unix socket: remove it');
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || isAbsolute(value)) return;
  if (url.username || url.password)
    yield* unused(file, ['username', 'password'], 'is in url as well: remove one of them');
  if (/\d/.test(url.pathname)) yield* unused(file, ['db'], 'is in url as well: remove one of them');
  if (url.protocol === 'rediss:' && file.tls === false) yield ['tls', 'cannot be false with a rediss:// URL'];
}

function* unused<File extends object>(
  file: File,
  names: readonly (keyof File & string)[],
  message: string,
): Generator<[path: string, message: string]> {
  for (const name of names) if (file[name] !== undefined) yield [name, message];
}
