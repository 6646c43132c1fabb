import { ensurePrometheus } from '@mintonce/test-support';
import { followGatewayGuide, GATEWAY_GUIDE, HAS_GRAFANA } from './guides/gateway-guide.js';
import { LIBRARY_GUIDE } from './guides/library-guide.js';

const hasPrometheus = ensurePrometheus() !== undefined;

/** `npm run guides` follows both from empty folders, which takes minutes. */
describe('The guides', () => {
  it('tell which file a block is, so that they can be followed', () => {
    const files = [LIBRARY_GUIDE, GATEWAY_GUIDE].map(({ steps }) => steps.flatMap(({ file }) => file ?? []));
    expect(files).toEqual([['src/app.module.ts'], ['~/mintonce/gateway.yaml', '~/mintonce/prometheus.yaml']]);
  });

  (hasPrometheus ? it : it.skip)(
    'lead to a gateway that serves a caller with a key, with one mint that Prometheus sees',
    async () => {
      const { calls, status, seenByPrometheus, seenInGrafana, mints } = await followGatewayGuide('workspace');
      expect(calls.trim().split('\n')).toEqual(['{"invoices":[]}', '401']);
      expect(status).toMatch(/billing.*valid/);
      expect(seenByPrometheus).toContain('"1"');
      if (HAS_GRAFANA) expect(seenInGrafana).toContain('"uid":"mintonce"');
      expect(mints).toBe(1);
    },
  );
});
