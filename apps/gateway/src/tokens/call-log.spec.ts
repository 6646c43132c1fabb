import { waitFor } from '@mintonce/test-support';
import { guardedGateway, type GuardedGateway } from '../test/guarded-gateway.js';

describe('The log of the calls for tokens', () => {
  let gateway: GuardedGateway;
  afterEach(() => gateway?.stop());

  const callLines = () => gateway.log.lines.filter(({ context }) => context === 'TokenCalls');

  it('has a line for each step with LOG_LEVEL=trace', async () => {
    gateway = await guardedGateway({}, {}, () => {}, { LOG_LEVEL: 'trace' });
    await fetch(`${gateway.url}/proxy/billing/x`);
    await fetch(`${gateway.url}/proxy/billing/x`);

    const lines = await waitFor(() => callLines().some(({ msg }) => msg === 'billing: served (near)') && callLines());
    const steps = lines.map(({ msg }) => String(msg).replace(/[\d.]+ ms|\d{4}-.*Z/g, 'N'));
    expect(steps).toEqual(
      expect.arrayContaining(['billing #1: asks', 'billing #1: store acquire, N', 'billing #1: served (minted)']),
    );
    expect(new Set(lines.map(({ level }) => level))).toEqual(new Set(['trace']));
    expect(gateway.log.text()).not.toMatch(/token-\d/);
  });

  it('has none with LOG_LEVEL=debug', async () => {
    gateway = await guardedGateway({}, {}, () => {}, { LOG_LEVEL: 'debug' });
    const { status } = await fetch(`${gateway.url}/proxy/billing/x`);

    expect(status).toBe(200);
    await waitFor(() => gateway.log.lines.some(({ msg }) => msg === 'request'));
    expect(callLines()).toEqual([]);
  });
});
