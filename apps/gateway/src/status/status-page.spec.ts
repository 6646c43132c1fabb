import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CHROMIUM_IS_MISSING, ensureChromium, waitFor } from '@mintonce/test-support';
import { type Browser, type Page } from 'playwright-core';
import { register } from 'prom-client';
import { makeKey } from '../access/make-key.js';
import { accessibilityFaults, openPage, startBrowser } from '../test/browser.js';
import { guardedGateway, type GuardedGateway } from '../test/guarded-gateway.js';

const OPERATOR = makeKey();
const SHOP = makeKey();
const ACCESS = {
  apiKeys: [
    { id: 'operator', sha256: OPERATOR.sha256, integrations: ['*'], purge: true },
    { id: 'shop', sha256: SHOP.sha256, integrations: ['billing'] },
  ],
};
const REACHABLE = { host: '0.0.0.0', port: 9400 };
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
/** What a screen reader would say of the element with the focus. */
const FOCUSED =
  'document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent.trim().split(/\\s{2,}/)[0]';
const chromiumPath = ensureChromium();
/** Where pictures of the page are kept for whoever wants to look at them. */
const PICTURES = process.env['STATUS_PAGE_PICTURES'];

/** The registry is that of the process, and so are its counts. */
beforeEach(() => register.resetMetrics());

describe('The status page', () => {
  if (chromiumPath === undefined) {
    it.skip(`is not tested in a browser: ${CHROMIUM_IS_MISSING}`, () => {});
    return;
  }
  let browser: Browser;
  let gateway: GuardedGateway;

  beforeAll(async () => (browser = await startBrowser(chromiumPath)));
  afterAll(() => browser?.close());
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await gateway?.stop();
  });

  const card = (page: Page, name: string) => page.locator('.card', { has: page.locator(`h3:text-is("${name}")`) });
  const call = (name: string) => fetch(`${gateway.url}/proxy/${name}/x`);
  const picture = async (page: Page, name: string) => {
    if (!PICTURES) return;
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
  };
  /** `billing` has a token, and the provider refuses `crm`. */
  async function oneOfEach(): Promise<void> {
    gateway = await guardedGateway({ store: 'sqlite', sqlite: { path: 'tokens.sqlite' } });
    for (let times = 0; times < 5; times++) await call('billing');
    gateway.idp.secret = 'another';
    await call('crm');
  }

  it('shows each integration with its state, the life of its token, its counts, and the error that is waited out', async () => {
    await oneOfEach();
    const { page, complaints } = await openPage(browser, gateway.url);

    const billing = card(page, 'billing');
    await billing.getByText('has a token').waitFor();
    await billing.getByText(/Token ends in \d+ min/).waitFor();
    const meter = billing.getByRole('meter', { name: 'Life that the token of billing has left' });
    const [value, max] = await Promise.all(['now', 'max'].map((name) => meter.getAttribute(`aria-value${name}`)));
    expect(Number(value) / Number(max)).toBeGreaterThan(0.9);
    expect(await billing.locator('dd').allTextContents()).toEqual(['4', '1', '1']);
    const crm = card(page, 'crm');
    await crm.getByText('cooling down').waitFor();
    await crm.getByText(/Last error: TOKEN_SOURCE_REJECTED.*tried again in \d+ s/).waitFor();
    expect(await page.locator('#workers tr').count()).toBe(1);
    await page.locator('#workers').getByText(String(process.pid)).waitFor();
    expect(complaints).toEqual([]);
  });

  it('goes on showing what changes, and draws it', async () => {
    gateway = await guardedGateway({});
    const { page } = await openPage(browser, gateway.url);
    await card(page, 'billing').getByText('no token yet').waitFor();

    await call('billing');

    await card(page, 'billing').getByText('has a token').waitFor();
    await page.locator('#news').getByText('billing: has a token').waitFor({ state: 'attached' });
    await waitFor(async () => (await card(page, 'billing').locator('path').last().getAttribute('d'))?.startsWith('M'));
  });

  it('says that the gateway is gone and what is shown is old, and takes that back', async () => {
    gateway = await guardedGateway({});
    const { page } = await openPage(browser, gateway.url);
    await card(page, 'billing').waitFor();
    await page.route('**/api/status', (route) => route.abort());
    await page.getByRole('alert').getByText('The gateway does not answer').waitFor();
    await page.unroute('**/api/status');
    await page.getByRole('alert').getByText('The gateway does not answer').waitFor({ state: 'hidden' });
  });

  it('purges after a confirmation, by keyboard alone', async () => {
    await oneOfEach();
    const { page, complaints } = await openPage(browser, gateway.url);
    await card(page, 'billing').getByText('has a token').waitFor();

    await page.getByRole('button', { name: 'Purge billing' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Purge billing?' });
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(gateway.auditLines).toEqual([]);
    await page.keyboard.press('Enter');
    await dialog.waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');

    await dialog.waitFor({ state: 'hidden' });
    await card(page, 'billing').getByText('no token yet').waitFor();
    expect(gateway.auditLines).toEqual([expect.objectContaining({ audit: 'purged', integration: 'billing' })]);
    expect(complaints).toEqual([]);
  });

  it('asks for the key of a caller where a purge needs one, says why it was refused, and forgets the key', async () => {
    gateway = await guardedGateway({ access: ACCESS, operations: REACHABLE });
    const { page } = await openPage(browser, gateway.operationsUrl);
    await page.getByRole('button', { name: 'Purge billing' }).click();
    const key = page.getByLabel('Key of a caller who may purge it');

    await key.fill(SHOP.key);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('GATEWAY_CALLER_FORBIDDEN').waitFor();
    await key.fill(OPERATOR.key);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });

    expect(gateway.auditLines.at(-1)).toMatchObject({ audit: 'purged', caller: 'operator' });
    expect(await page.locator('#purge-key').inputValue()).toBe('');
    expect(await page.evaluate('JSON.stringify({ ...sessionStorage, ...localStorage })')).not.toContain('mintonce_');
  });

  it('offers no purge where nobody may', async () => {
    gateway = await guardedGateway({ operations: REACHABLE });
    const { page } = await openPage(browser, gateway.operationsUrl);
    await card(page, 'billing').waitFor();
    expect(await page.getByRole('button', { name: /Purge/ }).count()).toBe(0);
  });

  it.each([
    ['on a desk', {}],
    ['on a phone', PHONE],
    ['in the dark', { colorScheme: 'dark' as const }],
    ['on a phone in the dark', { ...PHONE, colorScheme: 'dark' as const }],
  ])('can be read %s by everybody, and is no wider than the screen', async (name, options) => {
    await oneOfEach();
    const { page, complaints } = await openPage(browser, gateway.url, options);
    await card(page, 'crm').getByText('cooling down').waitFor();
    await picture(page, name);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await page.getByRole('button', { name: 'Purge billing' }).click();
    await page.getByRole('dialog').waitFor();
    await picture(page, `${name}, asking`);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('is reached by Tab in the order of reading, each stop visible', async () => {
    await oneOfEach();
    const { page } = await openPage(browser, gateway.url);
    await card(page, 'crm').waitFor();
    const stops: string[] = [];
    for (let presses = 0; presses < 7; presses++) {
      await page.keyboard.press('Tab');
      stops.push(String(await page.evaluate(FOCUSED)));
    }
    expect(stops).toEqual([
      'Skip to the integrations',
      'Purge billing',
      'Purge crm',
      'Table of workers',
      'API',
      'Metrics',
      'Health',
    ]);
  });
});
