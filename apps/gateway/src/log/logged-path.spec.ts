import { loggedPath } from './logged-path.js';

describe('The path in a log line', () => {
  it.each([
    ['/proxy/billing/v1/invoices', '/proxy/billing/v1/invoices'],
    ['/proxy/billing/v1?key=s3cret', '/proxy/billing/v1'],
    ['/proxy/billing/v1#s3cret', '/proxy/billing/v1'],
    ['/proxy/billing/a;jsessionid=s3cret/b;v=1', '/proxy/billing/a;/b;'],
    ['/proxy/billing/eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln/x', '/proxy/billing/[hidden]/x'],
    ['/proxy/billing/mintonce_0123456789abcdef0123', '/proxy/billing/[hidden]'],
    ['/proxy/billing/\x9b31m', '/proxy/billing/?31m'],
  ])('of the target %j is %j', (target, path) => {
    expect(loggedPath(target)).toBe(path);
  });

  it('is cut where it is very long', () => {
    expect(loggedPath(`/${'a'.repeat(20_000)}`)?.length).toBeLessThanOrEqual(1_000);
  });

  it.each(['http://user:s3cret@host/x', '*', 'host:443'])('is left out for the target %s', (target) => {
    expect(loggedPath(target)).toBeUndefined();
  });
});
