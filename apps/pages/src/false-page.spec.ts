import { brokenCommands } from './commands.js';
import { brokenLinks } from './links.js';
import { brokenNames, brokenQuotes } from './names.js';
import { parsePage } from './page.js';

const NONE: ReadonlySet<string> = new Set();
const page = (text: string) => parsePage('docs/guarantees.md', text);

describe('A page that is wrong', () => {
  it.each([
    ['a file that is gone', '[x](../gone.md)'],
    ['a folder that is gone', '[x](gone/)'],
    ['a picture that is gone', '![x](images/gone.svg)'],
    ['a heading of another page that is gone', '[x](../README.md#gone)'],
    ['a heading of its own that is gone', '# Here\n\n[x](#gone)'],
  ])('is found to link to %s', (_what, text) => {
    expect(brokenLinks(page(text), [page(text), parsePage('README.md', '# mintonce')])).toHaveLength(1);
  });

  it.each([
    ['a script', '`npm run gone`'],
    ['a script in a shell block', '```sh\nnpm ci && npm run gone # as before\n```'],
    ['a project', '`npx nx run gone:test`'],
    ['a target', '`npx nx run token-cache:gone`'],
    ['a target of many', '`npx nx run-many -t test gone`'],
    ['a suite', '`npx nx run chaos:e2e --testPathPatterns=gone`'],
    ['a test file', '`npx jest src/gone.spec.ts`'],
    ['a program', '`node tools/gone.mjs`'],
  ])('is found to show the command of %s that is gone', (_what, text) => {
    expect(brokenCommands(page(text))).toHaveLength(1);
  });

  it.each([
    ['a file', '`src/core/gone.ts`'],
    ['a folder', '`libs/gone`'],
    ['a specification', '`gone.spec`'],
    ['an entry point', '`@mintonce/token-cache/gone`'],
    ['a class', '`GoneTokenStore`'],
    ['an option', '`goneMs`'],
    ['a function', '`mintGone()`'],
    ['an error code', '`TOKEN_GONE`'],
  ])('is found to name %s that is gone', (_what, text) => {
    expect(brokenNames(page(text), NONE)).toHaveLength(1);
  });

  it('is found to quote a test that is gone', () => {
    expect(brokenQuotes(page('`pages.spec` “there are pages to hold\nto the workspace”, “gone”'))).toEqual([
      'pages.spec “gone”',
    ]);
  });
});

describe('A page that is right', () => {
  const text = [
    '# The promises',
    '[a](#the-promises) [b](../README.md) [c](../docker) [d](https://example.com)',
    '`npm test` `npx nx run chaos:e2e --testPathPatterns=holder` `node apps/gateway/dist/main.js` `redis-server`',
    '`token-store.ts` `libs/token-cache` `@mintonce/token-cache/redis` `TokenService` `tokens.getToken()` `reports/x.md`',
  ].join('\n\n');

  it('passes every check', () => {
    const right = page(text);
    const found = [brokenLinks(right, [right]), brokenCommands(right), brokenNames(right, NONE), brokenQuotes(right)];
    expect(found).toEqual([[], [], [], []]);
  });
});
