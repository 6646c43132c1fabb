import { createSecureContext } from 'node:tls';
import { isLoopback } from '@mintonce/token-cache/oauth';
import { type ConfigProblem } from './config.error.js';
import { type ListenConfig, type OperationsConfig, type TlsConfig } from './listen.schema.js';
import { resolveSecret, type Secret, valueOf } from './secret.js';

/** The certificate chain and the key of a door, each read again at each use if it is in a file. */
export interface TlsFiles {
  readonly cert: Secret;
  readonly key: Secret;
}

/** Where the gateway listens. */
export interface Door {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly tls?: TlsFiles;
}

/** What `HOST` and `PORT` say, which win over the file. */
export interface AddressOfEnvironment {
  readonly host?: string;
  readonly port?: number;
}

interface DoorsOfFile {
  readonly listen?: ListenConfig;
  readonly operations?: OperationsConfig;
  readonly access?: object;
}

export interface Doors {
  /** The door for callers. */
  readonly main: Door;
  /** The door for monitoring and operators, if it is not the main one. */
  readonly operations?: Door;
}

/** The doors of the gateway; what is wrong with them goes into `problems`. */
export function resolveDoors(
  { host, port }: AddressOfEnvironment,
  { listen, operations, access }: DoorsOfFile,
  directory: string,
  problems: ConfigProblem[],
): Doors {
  const main: Door = {
    host: withoutBrackets(host ?? listen?.host ?? '127.0.0.1'),
    port: port ?? listen?.port ?? 3000,
    tls: resolveTls(listen?.tls, directory, 'listen.tls', problems),
  };
  if (!isLoopback(main.host) && !access) {
    problems.push({
      path: host === undefined ? 'listen.host' : 'HOST',
      problem:
        'must be a loopback address such as 127.0.0.1 unless access says who may call: every client that reaches the gateway can use its credentials',
    });
  }
  if (!operations) return { main };
  if (operations.port === main.port && main.port !== 0) {
    problems.push({ path: 'operations.port', problem: 'is the port of the door for callers: choose another' });
  }
  const tls = resolveTls(operations.tls, directory, 'operations.tls', problems);
  return { main, operations: { host: withoutBrackets(operations.host), port: operations.port, tls } };
}

/** `localhost` would make a server listen twice, once per address family, and `[::1]` is how a URL spells `::1`. */
function withoutBrackets(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : host.replace(/^\[(.*)\]$/, '$1');
}

function resolveTls(
  tls: TlsConfig | undefined,
  directory: string,
  path: string,
  problems: ConfigProblem[],
): TlsFiles | undefined {
  if (!tls) return undefined;
  const before = problems.length;
  const files = {
    cert: resolveSecret(tls.cert, directory, `${path}.cert`, problems),
    key: resolveSecret(tls.key, directory, `${path}.key`, problems),
  };
  if (problems.length === before) checkPair(files, path, problems);
  return files;
}

/** Checks in two steps, so that the field which is wrong is named. */
function checkPair(files: TlsFiles, path: string, problems: ConfigProblem[]): void {
  const { cert, key } = readTls(files);
  const codeOf = (options: object): string | undefined => {
    try {
      createSecureContext(options);
      return undefined;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
    }
  };
  const wrongCert = codeOf({ cert });
  const wrongKey = codeOf({ key });
  if (wrongCert)
    problems.push({
      path: `${path}.cert`,
      problem: `is no certificate in PEM (${wrongCert}): give the chain, the certificate of this door first`,
    });
  if (wrongKey)
    problems.push({
      path: `${path}.key`,
      problem: `is no private key in PEM (${wrongKey}): give that of the certificate, not encrypted`,
    });
  if (wrongCert || wrongKey) return;
  const mismatch = codeOf({ cert, key });
  if (mismatch)
    problems.push({
      path: `${path}.key`,
      problem: `is not the key of the certificate (${mismatch}): give the two that belong together`,
    });
}

/** Reads certificate and key as they are now. */
export function readTls({ cert, key }: TlsFiles): { cert: string; key: string } {
  return { cert: valueOf(cert), key: valueOf(key) };
}
