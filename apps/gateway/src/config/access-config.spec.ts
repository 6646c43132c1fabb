import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { selfSignedCertificate, temporaryDirectory, type TemporaryDirectory } from '@mintonce/test-support';
import { makeKey } from '../access/make-key.js';
import { loadConfig } from './load-config.js';

const sha256 = makeKey().sha256;
const OTHER = makeKey().sha256;
const ACCESS = { apiKeys: [{ id: 'shop', sha256, integrations: ['billing'] }] };

describe('The doors in the configuration', () => {
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = temporaryDirectory();
    const [one, other] = await Promise.all([selfSignedCertificate('one'), selfSignedCertificate('other')]);
    const files = { 'one.crt': one.cert, 'one.key': one.key, 'other.key': other.key, junk: 's3cret', empty: '' };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory.path, name), text);
  });
  afterAll(() => directory.remove());

  function load(file: object, env: NodeJS.ProcessEnv = {}) {
    const token = { grant: 'client_credentials', issuer: 'https://idp.example', clientId: 'c', clientSecret: 's' };
    const integrations = { billing: { upstream: 'https://billing.example', token } };
    writeFileSync(join(directory.path, 'gateway.yaml'), JSON.stringify({ integrations, ...file }));
    return loadConfig({ GATEWAY_CONFIG: 'gateway.yaml', ...env }, directory.path);
  }

  const key = (more: object) => ({ apiKeys: [{ ...ACCESS.apiKeys[0], ...more }] });

  const jwt = (more: object) => ({
    jwt: [{ issuer: 'https://idp.example', audience: 'gateway', integrations: ['billing'], ...more }],
  });

  it.each([
    ['HOST: must be a loopback address', {}, { HOST: '0.0.0.0' }],
    ['HOST: must be a loopback address', { listen: { host: '127.0.0.1' } }, { HOST: '::' }],
    ['listen.host: must be a loopback address', { listen: { host: '0.0.0.0' } }, {}],
    ['listen.host: must not be empty', { listen: { host: '' } }, {}],
    ['listen.port: must be at most 65535', { listen: { port: 65_536 } }, {}],
    ['listen.port: ', { listen: { port: '3000' } }, {}],
    ['listen.hosts.0: must be the name of a host', { listen: { hosts: ['gateway:3000'] } }, {}],
    ['listen.address: is not an option', { listen: { address: '::1' } }, {}],
    ['listen.tls.key: is missing', { listen: { tls: { cert: 'file:one.crt' } } }, {}],
    ['listen.tls.cert: the file', { listen: { tls: { cert: 'file:gone', key: 'file:one.key' } } }, {}],
    ['listen.tls.key: the file', { listen: { tls: { cert: 'file:one.crt', key: 'file:empty' } } }, {}],
    ['listen.tls.cert: is no certificate', { listen: { tls: { cert: 'file:junk', key: 'file:one.key' } } }, {}],
    ['listen.tls.key: is no private key', { listen: { tls: { cert: 'file:one.crt', key: 'file:junk' } } }, {}],
    ['listen.tls.key: is not the key', { listen: { tls: { cert: 'file:one.crt', key: 'file:other.key' } } }, {}],
    ['limits.requestsPerSecond: must be at least 1', { limits: { requestsPerSecond: 0 } }, {}],
    ['limits.concurrency: must be at most', { limits: { concurrency: 100_001 } }, {}],
    ['operations.port: is missing', { operations: {} }, {}],
    ['operations.port: is the port of the door for callers', { operations: { port: 3000 } }, {}],
    ['operations.port: is the port of the door for callers', { operations: { port: 4000 } }, { PORT: '4000' }],
    ['operations.tls.cert: the file', { operations: { port: 1, tls: { cert: 'file:gone', key: 'file:one.key' } } }, {}],
    ['access: names nobody', { access: {} }, {}],
    ['access: names nobody', { access: { apiKeys: [], jwt: [] } }, {}],
    ['access.keys: is not an option', { access: { keys: [] } }, {}],
    ['access.apiKeys.0.id: must be', { access: key({ id: '' }) }, {}],
    ['access.apiKeys.0.id: must be', { access: key({ id: 'a\nb' }) }, {}],
    ['access.apiKeys.0.id: is missing', { access: key({ id: undefined }) }, {}],
    ['access.apiKeys.0.integrations: is missing', { access: key({ integrations: undefined }) }, {}],
    ['access.apiKeys.0.integrations: must name', { access: key({ integrations: [] }) }, {}],
    ['access.apiKeys.0.integrations.1: is not the name', { access: key({ integrations: ['billing', 'crm'] }) }, {}],
    ['access.apiKeys.0.methods.0: is not a method', { access: key({ methods: ['TRACE'] }) }, {}],
    ['access.apiKeys.0.methods.0: is not a method', { access: key({ methods: ['*'] }) }, {}],
    ['access.apiKeys.0.paths.0: must begin with a slash', { access: key({ paths: ['invoices'] }) }, {}],
    ['access.apiKeys.0.paths.0: must be a plain path', { access: key({ paths: ['/a/../b'] }) }, {}],
    ['access.apiKeys.0.paths.0: must be a plain path', { access: key({ paths: ['/a/..'] }) }, {}],
    ['access.apiKeys.0.paths.0: must be a plain path', { access: key({ paths: ['/%2e%2e'] }) }, {}],
    ['access.apiKeys.0.paths.0: must be a plain path', { access: key({ paths: ['/a?b'] }) }, {}],
    ['access.apiKeys.0.purge: ', { access: key({ purge: 'yes' }) }, {}],
    ['access.apiKeys.0.sha256: is missing', { access: key({ sha256: undefined }) }, {}],
    ['access.apiKeys.0.purges: is not an option', { access: key({ purges: true }) }, {}],
    ['access.jwt.0.issuer: is missing', { access: jwt({ issuer: undefined }) }, {}],
    ['access.jwt.0.issuer: must be an https URL', { access: jwt({ issuer: 'idp.example' }) }, {}],
    ['access.jwt.0.issuer: must be https', { access: jwt({ issuer: 'http://idp.example' }) }, {}],
    [
      'access.jwt.0.issuer: must be https',
      { access: jwt({ issuer: 'http://idp.example', allowInsecureRequests: true }) },
      {},
    ],
    ['access.jwt.0.issuer: must be https', { access: jwt({ issuer: 'http://127.0.0.1' }) }, {}],
    ['access.jwt.0.issuer: must not hold credentials', { access: jwt({ issuer: 'https://a:s3cret@idp.example' }) }, {}],
    ['access.jwt.0.jwksUri: must be https', { access: jwt({ jwksUri: 'http://idp.example/jwks' }) }, {}],
    ['access.jwt.0.jwksUri: must be an https URL', { access: jwt({ jwksUri: 'file:///etc/jwks' }) }, {}],
    ['access.jwt.0.audience', { access: jwt({ audience: undefined }) }, {}],
    ['access.jwt.0.audience', { access: jwt({ audience: [] }) }, {}],
    ['access.jwt.0.algorithms.0: must be one of', { access: jwt({ algorithms: ['HS256'] }) }, {}],
    ['access.jwt.0.algorithms.0: must be one of', { access: jwt({ algorithms: ['none'] }) }, {}],
    ['access.jwt.0.algorithms: must name an algorithm', { access: jwt({ algorithms: [] }) }, {}],
    ['access.jwt.0.claims.scope', { access: jwt({ claims: { scope: 7 } }) }, {}],
    ['access.jwt.0.claims.scope: must not be empty', { access: jwt({ claims: { scope: '' } }) }, {}],
    ['access.jwt.0.integrations.0: is not the name', { access: jwt({ integrations: ['crm'] }) }, {}],
    ['access.jwt.0.id: is not an option', { access: jwt({ id: 'shop' }) }, {}],
    [
      'access.apiKeys.1.sha256: holds a key that is given already',
      { access: { apiKeys: [ACCESS.apiKeys[0], { ...ACCESS.apiKeys[0], id: 'other' }] } },
      {},
    ],
  ])('is refused with "%s"', (message, file, env) => {
    expect(() => load(file, env)).toThrow(message);
    expect(() => load(file, env)).not.toThrow(/s3cret/);
  });

  it.each([
    ['hex that is too short', sha256.slice(1)],
    ['hex of another hash', `${sha256}${sha256}`],
    ['hex with a prefix', `sha256:${sha256}`],
    ['Base64 that is too short', Buffer.alloc(31, 7).toString('base64')],
    ['Base64 with bits beyond the hash', `${'A'.repeat(42)}B=`],
    ['nothing', ''],
    ['a key in the place of its hash', 'mintonce_s3cret'],
    ['the hash of an empty key', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['the hash of an empty key in Base64', '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='],
    ['none', []],
    ['one that is wrong beside one that is right', [sha256, 's3cret']],
  ])('is refused with a hash that is %s, and quotes none of it', (_, hash) => {
    expect(() => load({ access: key({ sha256: hash }) })).toThrow(/^access\.apiKeys\.0\.sha256/);
    expect(() => load({ access: key({ sha256: hash }) })).not.toThrow(/s3cret/);
  });

  it.each([
    ['hex', (bytes: Buffer) => bytes.toString('hex')],
    ['hex in capitals', (bytes: Buffer) => bytes.toString('hex').toUpperCase()],
    ['Base64', (bytes: Buffer) => bytes.toString('base64')],
    ['Base64 without padding', (bytes: Buffer) => bytes.toString('base64').replace('=', '')],
    ['Base64url', (bytes: Buffer) => bytes.toString('base64url')],
  ])('take a hash in %s, one or several', (_, encode) => {
    const [one, other] = [sha256, OTHER].map((hex) => Buffer.from(hex, 'hex')) as [Buffer, Buffer];

    expect(load({ access: key({ sha256: encode(one) }) }).access?.apiKeys[0]?.sha256).toEqual([one]);
    expect(load({ access: key({ sha256: [encode(one), encode(other)] }) }).access?.apiKeys[0]?.sha256).toEqual([
      one,
      other,
    ]);
  });

  it.each([
    [{}, {}, '127.0.0.1', 3000],
    [{ host: '::1', port: 4000 }, {}, '::1', 4000],
    [{ host: '::1', port: 4000 }, { HOST: '127.0.0.2', PORT: '5000' }, '127.0.0.2', 5000],
    [{ host: '0.0.0.0' }, {}, '0.0.0.0', 3000],
    [{ host: '[::]' }, {}, '::', 3000],
    [{ host: 'localhost' }, {}, '127.0.0.1', 3000],
    [{}, { HOST: '0.0.0.0', PORT: '0' }, '0.0.0.0', 0],
  ])('are those of the file %j, unless the environment says %j', (listen, env, host, port) => {
    expect(load({ listen, access: ACCESS }, env)).toMatchObject({ host, port });
  });

  it('know the names of hosts from both places', () => {
    const { allowedHosts } = load({ allowedHosts: ['One.example'], listen: { hosts: ['Two.example'] } });

    expect([...allowedHosts]).toEqual(['one.example', 'two.example']);
  });
});
