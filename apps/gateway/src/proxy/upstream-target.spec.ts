import { proxyTarget, upstreamPath } from './upstream-target.js';

describe('proxyTarget', () => {
  it.each([
    ['/proxy/billing', { integration: 'billing', path: '', query: '' }],
    ['/proxy/billing/', { integration: 'billing', path: '/', query: '' }],
    ['/proxy/billing/a/b?c=d?e', { integration: 'billing', path: '/a/b', query: '?c=d?e' }],
    ['/proxy/billing?c', { integration: 'billing', path: '', query: '?c' }],
    ['/proxy/billing/a%3fb%23c', { integration: 'billing', path: '/a%3fb%23c', query: '' }],
    ['/proxy/billing/http://other/x', { integration: 'billing', path: '/http://other/x', query: '' }],
    ['http://gateway:3000/proxy/billing/a?b', { integration: 'billing', path: '/a', query: '?b' }],
    ['/proxy/bill%69ng/a', { integration: 'bill%69ng', path: '/a', query: '' }],
  ])('splits %s', (url, target) => {
    expect(proxyTarget(url)).toEqual(target);
  });

  it.each([
    '/proxy/',
    '/proxy',
    '/%70roxy/billing/a',
    '//proxy/billing',
    '/proxy/billing/a#b',
    '/proxy/billing?a#b',
    '*',
  ])('does not understand %s', (url) => {
    expect(proxyTarget(url)).toBeUndefined();
  });
});

describe('upstreamPath', () => {
  it.each([
    ['/api', '', '/api'],
    ['/api', '/', '/api/'],
    ['/api', '/v1/invoices', '/api/v1/invoices'],
    ['', '', '/'],
    ['', '/', '/'],
    ['', '//other.example/x', '//other.example/x'],
    ['/api', '/http://other/x', '/api/http://other/x'],
    ['/api', '/group%2Fproject', '/api/group%2Fproject'],
    ['/api', '/a%20b', '/api/a%20b'],
    ['/api', '/100%25', '/api/100%25'],
    ['/api', '/caf%C3%A9', '/api/caf%C3%A9'],
    ['/api', '/.well-known/x', '/api/.well-known/x'],
    ['/api', '/...', '/api/...'],
    ['/api', '/a..b/..c', '/api/a..b/..c'],
    ['/api', '/a;v=1/b', '/api/a;v=1/b'],
    ['/api', '/a%3Fb%23c', '/api/a%3Fb%23c'],
  ])('lets %s + %s through unchanged', (base, path, expected) => {
    expect(upstreamPath(base, path)).toBe(expected);
  });

  it.each([
    '/..',
    '/.',
    '/a/../b',
    '/a/./b',
    '/../api-internal',
    '/a\\..\\..\\admin',
    '/a\\b',
    '/%5c..%5cadmin',
    '/%2e%2e%5cadmin',
    '/%255c',
    '/%2e%2e/admin',
    '/%2E./admin',
    '/.%2e/admin',
    '/%2e/admin',
    '/%252e%252e/admin',
    '/%25252e%25252e/admin',
    '/..%2fadmin',
    '/a%2f..%2fadmin',
    '/a%252f..%252fadmin',
    '/..;/admin',
    '/..;a=b/admin',
    '/..%3b/admin',
    '/.;/admin',
    '/..%3fx',
    '/..%23x',
    '/%20../admin',
    '/..%20/admin',
    '/..%00/admin',
    '/a%00',
    '/a%0d%0aX-Injected:%201',
    '/a%250d',
    '/a%7f',
    '/%c0%ae%c0%ae/admin',
    '/%ff',
    '/a%2525252525252e',
  ])('refuses %s', (path) => {
    expect(upstreamPath('/api', path)).toBeUndefined();
    expect(upstreamPath('', path)).toBeUndefined();
  });
});
