import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type ConfigProblem } from './config.error.js';
import { resolveSecret, type Secret, valueOf } from './secret.js';
import { type TlsSection } from './tls.schema.js';

/** Options of `tls.connect`. The check of the server's certificate cannot be turned off. */
export interface ClientTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
}

/**
 * Reads the options again at each call, since their files may change while the gateway runs. Until the files can be read and fit
 * together, it returns the same object as before: certificate and key are seldom replaced in one step.
 */
export type ReadClientTls = () => ClientTls;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g;

/** Resolves the `file:` references of a `tls` section; what is no certificate or no key of it goes into `problems`. */
export function resolveTls(
  section: TlsSection,
  directory: string,
  path: string,
  problems: ConfigProblem[],
): ReadClientTls {
  const found = problems.length;
  const secret = (field: 'ca' | 'cert' | 'key'): Secret | undefined => {
    const value = section[field];
    return value === undefined ? undefined : resolveSecret(value, directory, `${path}.${field}`, problems);
  };
  const [ca, cert, key] = [secret('ca'), secret('cert'), secret('key')];
  const read: ReadClientTls = () => ({
    ca: ca && valueOf(ca),
    cert: cert && valueOf(cert),
    key: key && valueOf(key),
    servername: section.serverName,
  });
  if (problems.length > found) return read;
  let last = read();
  problems.push(...problemsOf(last, path));
  return () => (last = usable(read, last));
}

function usable(read: ReadClientTls, last: ClientTls): ClientTls {
  try {
    const next = read();
    return isDeepStrictEqual(next, last) || problemsOf(next, '').length > 0 ? last : next;
  } catch {
    return last;
  }
}

function problemsOf({ ca, cert, key }: ClientTls, path: string): ConfigProblem[] {
  const at = (field: string, problem: string): ConfigProblem => ({ path: `${path}.${field}`, problem });
  const problems: ConfigProblem[] = [];
  if (ca !== undefined && !certificatesIn(ca)) problems.push(at('ca', 'must be certificates in PEM'));
  const certificates = cert === undefined ? undefined : certificatesIn(cert);
  if (cert !== undefined && !certificates) problems.push(at('cert', 'must be certificates in PEM'));
  const privateKey = key === undefined ? undefined : privateKeyIn(key);
  if (key !== undefined && !privateKey) problems.push(at('key', 'must be a private key in PEM that is not encrypted'));
  if (privateKey && certificates?.[0]?.checkPrivateKey(privateKey) === false) {
    problems.push(at('key', 'must be the private key of cert, whose first certificate is that of the client'));
  }
  return problems;
}

/** The certificates of a PEM; undefined if it has none, or one that is malformed. */
function certificatesIn(pem: string): X509Certificate[] | undefined {
  try {
    const certificates = (pem.match(CERTIFICATE) ?? []).map((text) => new X509Certificate(text));
    return certificates.length > 0 ? certificates : undefined;
  } catch {
    return undefined;
  }
}

function privateKeyIn(pem: string) {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
