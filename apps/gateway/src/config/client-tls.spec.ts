import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSignedCertificate } from '@mintonce/test-support';
import { loadConfig } from './load-config.js';

type Certificate = Awaited<ReturnType<typeof selfSignedCertificate>>;

const BILLING = {
  upstream: 'https://billing.example',
  token: { grant: 'client_credentials', issuer: 'https://idp.example', clientId: 'gateway', clientSecret: 'secret' },
};
const CERTIFICATE_LOGIN = { ...BILLING.token, clientSecret: undefined, clientAuth: 'tls_client_auth' };

describe('The tls section of an integration', () => {
  let directory: string;
  let [one, other]: Certificate[] = [];

  beforeAll(async () => {
    [one, other] = await Promise.all(['one', 'other'].map(selfSignedCertificate));
  });
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'gateway-tls-'));
    write('cert.pem', one!.cert);
    write('key.pem', one!.key);
    write('other.pem', other!.key);
    write('broken.pem', one!.cert.replace('MII', 'XXX'));
    const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p' } as const;
    write('encrypted.pem', generateKeyPairSync('ed25519').privateKey.export(options).toString());
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function write(name: string, pem: string): void {
    writeFileSync(join(directory, name), pem);
  }

  function load(billing: object) {
    write('gateway.yaml', JSON.stringify({ integrations: { billing: { ...BILLING, ...billing } } }));
    return loadConfig({ GATEWAY_CONFIG: 'gateway.yaml' }, directory).integrations.get('billing')!;
  }

  const files = { cert: 'file:cert.pem', key: 'file:key.pem' };

  it('is read from files, for the upstream and for the token endpoint', () => {
    const { tls, token } = load({
      tls: { ca: 'file:cert.pem', serverName: 'billing.internal' },
      token: { ...CERTIFICATE_LOGIN, tls: files },
    });
    expect(tls?.()).toEqual({ ca: one!.cert.trimEnd(), servername: 'billing.internal' });
    expect(token.tls?.()).toEqual({ cert: one!.cert.trimEnd(), key: one!.key.trimEnd() });
  });

  it('is read again, and stays as it was until the files fit together', () => {
    const { tls } = load({ tls: files });
    const before = tls!();
    expect(tls!()).toBe(before);
    write('cert.pem', other!.cert);
    expect(tls!()).toBe(before);
    rmSync(join(directory, 'key.pem'));
    expect(tls!()).toBe(before);
    write('key.pem', other!.key);
    expect(tls!()).toEqual({ cert: other!.cert.trimEnd(), key: other!.key.trimEnd() });
  });

  it.each<[string, object]>([
    ['tls.key: is missing', { tls: { cert: 'file:cert.pem' } }],
    ['tls.cert: is missing', { tls: { key: 'file:key.pem' } }],
    ['tls.key: must be the private key of cert', { tls: { ...files, key: 'file:other.pem' } }],
    ['tls.key: must be a private key in PEM', { tls: { ...files, key: 'file:cert.pem' } }],
    ['tls.key: must be a private key in PEM', { tls: { ...files, key: 'file:encrypted.pem' } }],
    ['tls.cert: must be certificates in PEM', { tls: { ...files, cert: 'file:key.pem' } }],
    ['tls.cert: must be certificates in PEM', { tls: { ...files, cert: 'file:broken.pem' } }],
    ['tls.ca: must be certificates in PEM', { tls: { ca: 's3cret' } }],
    ['tls.ca: the file', { tls: { ca: 'file:nowhere.pem' } }],
    ['tls.serverName: must be the name of a host', { tls: { serverName: 'billing:443' } }],
    ['tls.rejectUnauthorized: is not an option', { tls: { rejectUnauthorized: false } }],
    ['tls: has no use: upstream is http, so remove it', { upstream: 'http://127.0.0.1:1', tls: files }],
    [
      'token.tls: has no use: the identity provider is http, so remove it',
      { token: { ...BILLING.token, issuer: 'http://127.0.0.1:1', allowInsecureRequests: true, tls: files } },
    ],
    [
      'token.tls.key: must be the private key of cert',
      { token: { ...BILLING.token, tls: { ...files, key: 'file:other.pem' } } },
    ],
    ['token.tls.cert: is missing', { token: CERTIFICATE_LOGIN }],
  ])('is refused with %s, and quotes nothing: case %#', (message, billing) => {
    expect(() => load(billing)).toThrow(`integrations.billing.${message}`);
    expect(() => load(billing)).not.toThrow(/s3cret|BEGIN|MII/);
  });
});
