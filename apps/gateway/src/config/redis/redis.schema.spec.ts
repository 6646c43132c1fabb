import { parseConfig } from '../parse-config.js';

const integrations = {
  billing: {
    upstream: 'https://billing.example',
    token: { grant: 'client_credentials', issuer: 'https://idp.example', clientId: 'gateway', clientSecret: 's3cret' },
  },
};

function parse(redis: unknown, env: NodeJS.ProcessEnv = {}) {
  return parseConfig(JSON.stringify({ redis, integrations }), env).redis;
}

describe('The redis section', () => {
  it.each([
    ['a URL', { url: 'rediss://gateway:pass%25@redis.example:6380/2' }],
    ['a URL without a password, and the password beside it', { url: 'redis://redis.example', password: 'file:secret' }],
    ['a unix socket', { url: '/run/redis.sock', username: 'gateway', password: 'p', db: 3 }],
    ['one server', { host: 'redis.example', port: 6380, username: 'gateway', password: 'p', db: 3 }],
    ['a prefix of all keys', { host: 'redis.example', keyPrefix: 'shop:' }],
    ['a server by its address', { host: '::1' }],
    ['TLS with the authorities of Node', { host: 'redis.example', tls: true }],
    ['TLS that is off', { host: 'redis.example', tls: false }],
    [
      'TLS with a certificate of its own',
      { host: '10.0.0.1', tls: { ca: 'file:ca', cert: 'file:c', key: 'file:k', serverName: 'redis.example' } },
    ],
    [
      'Sentinels with a password of their own and no TLS',
      { sentinels: ['a'], sentinelName: 'tokens', sentinelUsername: 'u', sentinelPassword: 'p', sentinelTls: false },
    ],
  ])('takes %s', (_what, redis) => {
    expect(parse(redis)).toEqual(expect.objectContaining(redis instanceof Object && 'sentinels' in redis ? {} : redis));
  });

  it.each([
    ['sentinels', 26_379],
    ['cluster', 6_379],
  ])('takes the servers of %s in every form, and port %d where none is given', (field, port) => {
    const servers = ['a.example', 'b.example:7000', '[::1]:7001', '[fe80::1]', { host: 'c.example', port: 7002 }];

    expect(parse({ [field]: servers, ...(field === 'sentinels' && { sentinelName: 'tokens' }) })).toMatchObject({
      [field]: [
        { host: 'a.example', port },
        { host: 'b.example', port: 7000 },
        { host: '::1', port: 7001 },
        { host: 'fe80::1', port },
        { host: 'c.example', port: 7002 },
      ],
    });
  });

  it('takes numbers from variables of the environment, which are text', () => {
    const env = { PORT: '6380', DB: '2' };

    expect(parse({ host: 'redis.example', port: '${PORT}', db: '${DB}' }, env)).toMatchObject({ port: 6380, db: 2 });
  });

  it.each([
    ['redis: must name a server', {}],
    ['redis: must name a server', { password: 's3cret' }],
    ['redis.host: cannot be given together with url', { url: 'redis://a', host: 'a' }],
    ['redis.cluster: cannot be given together with sentinels', { sentinels: ['a'], sentinelName: 'b', cluster: ['a'] }],
    ['redis.url: must be a redis:// or rediss:// URL', { url: 'http://a' }],
    ['redis.url: must be a redis:// or rediss:// URL', { url: 'a:6379' }],
    ['redis.url: must name a host', { url: 'redis:///1' }],
    ['redis.url: must not hold a query', { url: 'redis://a?tls=false' }],
    ['redis.url: must end in the number of a database', { url: 'redis://a/tokens' }],
    ['redis.url: must hold "%" of the password as "%25"', { url: 'redis://:s3cret%@a' }],
    ['redis.username: is in url as well', { url: 'redis://u:p@a', username: 'u', password: 'p' }],
    ['redis.password: is in url as well', { url: 'redis://:p@a', password: 's3cret' }],
    ['redis.db: is in url as well', { url: 'redis://a/1', db: 1 }],
    ['redis.tls: cannot be false with a rediss:// URL', { url: 'rediss://a', tls: false }],
    ['redis.tls: is not for a unix socket', { url: '/run/redis.sock', tls: true }],
    ['redis.host: must be the name or the address', { host: 'redis://a' }],
    ['redis.host: must be the name or the address', { host: 'a:6379' }],
    ['redis.host: must be the name or the address', { host: 'a b' }],
    ['redis.host: must be the name or the address', { host: '' }],
    ['redis.cluster.0: must be host:port', { cluster: [{ host: 'a:1', port: 1 }] }],
    ['redis.port: needs host', { url: 'redis://a', port: 1 }],
    ['redis.port: must be a number from 1 to 65535', { host: 'a', port: 65_536 }],
    ['redis.port: must be a number from 1 to 65535', { host: 'a', port: 0 }],
    ['redis.port: must be a number from 1 to 65535', { host: 'a', port: 's3cret' }],
    ['redis.db: must be a whole number of at least 0', { host: 'a', db: -1 }],
    ['redis.db: must be a whole number of at least 0', { host: 'a', db: 1.5 }],
    ['redis.db: is always 0 on a cluster', { cluster: ['a'], db: 1 }],
    ['redis.sentinelName: is missing', { sentinels: ['a'] }],
    ['redis.sentinelPassword: needs sentinels', { host: 'a', sentinelPassword: 's3cret' }],
    ['redis.sentinelTls: needs sentinels', { cluster: ['a'], sentinelTls: true }],
    ['redis.sentinelUsername: needs sentinelPassword', { sentinels: ['a'], sentinelName: 'b', sentinelUsername: 'u' }],
    ['redis.sentinels: must name at least one server', { sentinels: [], sentinelName: 'a' }],
    ['redis.sentinels.1: must be host:port', { sentinels: ['a', 'redis://u:s3cret@b'], sentinelName: 'a' }],
    ['redis.sentinels.0: must be host:port', { sentinels: ['a:99999'], sentinelName: 'a' }],
    ['redis.cluster.0: must be host:port', { cluster: [{ host: 'a', port: 1, password: 's3cret' }] }],
    ['redis.cluster.0: must be host:port', { cluster: [7000] }],
    ['redis.cluster.0: must be host:port', { cluster: ['::1'] }],
    ['redis.username: needs password', { host: 'a', username: 'u' }],
    ['redis.password: must not be empty', { host: 'a', password: '' }],
    ['redis.password: ', { host: 'a', password: 1234 }],
    ['redis.keyPrefix: must not hold braces', { host: 'a', keyPrefix: '{a}' }],
    ['redis.tls.key: is missing', { host: 'a', tls: { cert: 'c' } }],
    ['redis.tls.cert: is missing', { host: 'a', tls: { key: 's3cret' } }],
    ['redis.tls.caFile: is not an option', { host: 'a', tls: { caFile: 'c' } }],
    ['redis.tls.rejectUnauthorized: is not an option', { host: 'a', tls: { rejectUnauthorized: false } }],
    ['redis.tls: has a form', { host: 'a', tls: 's3cret' }],
    ['redis.hosts: is not an option', { hosts: ['a'] }],
    ['redis: ', 'redis://:s3cret@a'],
    ['redis: ', ['a']],
  ])('is refused with %s and no value: %j', (message, redis) => {
    expect(() => parse(redis)).toThrow(message);
    expect(() => parse(redis)).not.toThrow(/s3cret/);
  });
});
