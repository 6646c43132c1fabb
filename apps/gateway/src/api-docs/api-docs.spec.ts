import { type OpenAPIObject } from '@nestjs/swagger';
import { CHROMIUM_IS_MISSING, ensureChromium } from '@mintonce/test-support';
import { makeKey } from '../access/make-key.js';
import { openPage, startBrowser } from '../test/browser.js';
import { guardedGateway, type GuardedGateway } from '../test/guarded-gateway.js';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const chromiumPath = ensureChromium();

describe('The OpenAPI document', () => {
  let gateway: GuardedGateway;
  let document: OpenAPIObject;

  beforeAll(async () => {
    gateway = await guardedGateway({
      access: { apiKeys: [{ id: 'shop', sha256: makeKey().sha256, integrations: ['billing'] }] },
      operations: { port: 9400 },
    });
    const response = await fetch(`${gateway.operationsUrl}/api/docs/openapi.json`);
    expect(response.headers.get('content-type')).toContain('application/json');
    document = (await response.json()) as OpenAPIObject;
  });
  afterAll(() => gateway?.stop());

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([method]) => METHODS.includes(method))
        .map(([method, operation]) => ({ path, method, operation: operation as Record<string, unknown> })),
    );

  it('has every route that the gateway serves, and no other', () => {
    const served = gateway.routes
      .filter(({ method, path }) => METHODS.includes(method) && (method !== 'head' || path === '/proxy/*'))
      .map(
        ({ method, path }) =>
          `${method} ${path === '/proxy/*' ? '/proxy/{integration}/{path}' : path.replace(/:(\w+)/g, '{$1}')}`,
      );
    expect(served.length).toBeGreaterThan(15);
    expect(
      operations()
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    ).toEqual(served.sort());
  });

  it('says of every route what it is for, what it answers, and that it may answer a problem', () => {
    for (const { path, method, operation } of operations()) {
      expect({ path, method, summary: operation['summary'] }).toEqual({ path, method, summary: expect.any(String) });
      expect(Object.keys(operation['responses'] as object)).toEqual(expect.arrayContaining(['default']));
      expect(Object.keys(operation['responses'] as object).length).toBeGreaterThan(1);
    }
  });

  it('asks for a credential wherever a door may, as the doors do', () => {
    const open = operations().filter(({ operation }) => (operation['security'] as object[]).length === 0);
    expect(open.map(({ path }) => path).sort()).toEqual(['/health/live', '/health/ready']);
  });

  it('has the fields of what is answered', async () => {
    const schemas = document.components?.schemas as Record<string, { properties: object }>;
    const response = await fetch(`${gateway.operationsUrl}/api/status`);
    const status = (await response.json()) as { integrations: object[]; workers: object[] };
    const named = (name: string) => Object.keys(schemas[name]!.properties);
    expect(named('Status')).toEqual(expect.arrayContaining(Object.keys(status)));
    expect(named('IntegrationStatus')).toEqual(expect.arrayContaining(Object.keys(status.integrations[0]!)));
    expect(named('Worker')).toEqual(Object.keys(status.workers[0]!));
    const refused = await fetch(`${gateway.url}/api/status`);
    expect(Object.keys((await refused.json()) as object).sort()).toEqual(named('Problem').sort());
  });

  it.each(['/api/docs', '/api/docs/openapi.json', '/api/docs/page.js'])(
    '%s is at the door for callers for those alone who may use all',
    async (path) => {
      expect((await fetch(`${gateway.url}${path}`)).status).toBe(401);
      expect((await fetch(`${gateway.operationsUrl}${path}`)).status).toBe(200);
    },
  );

  (chromiumPath === undefined ? it.skip : it)(
    `is a page of the gateway alone, under a strict policy${chromiumPath === undefined ? ` (not tested: ${CHROMIUM_IS_MISSING})` : ''}`,
    async () => {
      const browser = await startBrowser(chromiumPath!);
      try {
        const { page, complaints } = await openPage(
          browser,
          `${gateway.operationsUrl}/api/docs`,
          {},
          gateway.operationsUrl,
        );
        await page.getByText('/api/integrations/{name}/purge').waitFor();
        await page.getByText('/api/integrations/{name}/purge').click();
        await page.getByText('A problem (RFC 9457)').first().waitFor();
        expect(complaints).toEqual([]);
      } finally {
        await browser.close();
      }
    },
  );
});
