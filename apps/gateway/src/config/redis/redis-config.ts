import { isAbsolute } from 'node:path';
import { type ConfigProblem } from '../config.error.js';
import { type ReadClientTls, resolveTls } from '../client-tls.js';
import { resolveSecret, type Secret } from '../secret.js';
import { type TlsSection } from '../tls.schema.js';
import { type Endpoint } from './endpoint.js';
import { type RedisFile } from './redis.schema.js';

/** Where Redis is. A `url` holds its own credentials and number of the database, if any. */
export type RedisAddress =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'host'; readonly host: string; readonly port: number }
  | {
      readonly kind: 'sentinels';
      readonly sentinels: readonly Endpoint[];
      readonly name: string;
      readonly username?: string;
      readonly password?: Secret;
      readonly tls?: ReadClientTls;
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly Endpoint[] };

/** The Redis in which the fleet shares its tokens. */
export interface RedisConfig {
  readonly address: RedisAddress;
  readonly username?: string;
  readonly password?: Secret;
  readonly db?: number;
  readonly keyPrefix?: string;
  /** Absent without TLS. */
  readonly tls?: ReadClientTls;
}

const PLAIN_TLS: ReadClientTls = () => ({});

/** The Redis that `REDIS_URL` names: it takes the place of the whole `redis` section. */
export function redisFromUrl(url: string): RedisConfig {
  if (isAbsolute(url)) return { address: { kind: 'socket', path: url } };
  return { address: { kind: 'url', url }, tls: url.toLowerCase().startsWith('rediss:') ? PLAIN_TLS : undefined };
}

/** Reads the files that the `redis` section names, relative to `directory`; what is wrong goes into `problems`. */
export function resolveRedis(file: RedisFile, directory: string, problems: ConfigProblem[]): RedisConfig {
  const secret = (value: string | undefined, field: string) =>
    value === undefined ? undefined : resolveSecret(value, directory, `redis.${field}`, problems);
  const fromUrl = file.url === undefined ? undefined : redisFromUrl(file.url);
  const tls = tlsOf(file.tls, directory, 'redis.tls', problems) ?? fromUrl?.tls;
  const { sentinels, sentinelTls, username, db, keyPrefix } = file;
  const address = fromUrl?.address ?? (sentinels ? undefined : addressOf(file));
  return {
    address: address ?? {
      kind: 'sentinels',
      sentinels: sentinels ?? [],
      name: file.sentinelName ?? '',
      username: file.sentinelUsername,
      password: secret(file.sentinelPassword, 'sentinelPassword'),
      tls: sentinelTls === undefined ? tls : tlsOf(sentinelTls, directory, 'redis.sentinelTls', problems),
    },
    username,
    password: secret(file.password, 'password'),
    db,
    keyPrefix,
    tls,
  };
}

function addressOf({ host = '', port = 6_379, cluster }: RedisFile): RedisAddress {
  return cluster ? { kind: 'cluster', nodes: cluster } : { kind: 'host', host, port };
}

function tlsOf(
  section: boolean | TlsSection | undefined,
  directory: string,
  path: string,
  problems: ConfigProblem[],
): ReadClientTls | undefined {
  if (!section) return undefined;
  return section === true ? PLAIN_TLS : resolveTls(section, directory, path, problems);
}
