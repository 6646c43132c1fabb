import { AxeBuilder } from '@axe-core/playwright';
import { CHROMIUM_ARGS } from '@mintonce/test-support';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** A page of a browser, and what it complained of. */
export interface OpenPage {
  readonly page: Page;
  /** Errors of scripts, messages of the console that are errors, and requests to other hosts than the gateway. */
  readonly complaints: string[];
}

/** Half of what a test may take, so that a test says what it waited for. */
const TIMEOUT_MS = 60_000;

export function startBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: [...CHROMIUM_ARGS] });
}

/** Opens a page of a gateway in a context of its own. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  origin = url,
): Promise<OpenPage> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(TIMEOUT_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on(
    'request',
    (request) =>
      /^data:/.test(request.url()) ||
      request.url().startsWith(`${origin}/`) ||
      complaints.push(`asked for ${request.url()}`),
  );
  await page.goto(url);
  return { page, complaints };
}

/** What breaks the rules of WCAG 2.2 A and AA or good practice, by rule and element. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}
