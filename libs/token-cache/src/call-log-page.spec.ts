import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryTokenStore, TokenCallLog, TokenClient } from './index.js';
import { FakeTokenSource } from './testing/index.js';

const PAGE = readFileSync(join(__dirname, '../../../docs/metrics.md'), 'utf8');

/** The steps alone: durations and instants are others each time. */
const stepsOf = (lines: readonly string[]): string[] =>
  lines.map((line) => line.replace(/[\d.]+ ms|\d{4}-.*Z/, 'ANOTHER'));

it('docs/metrics.md shows what TokenCallLog prints', async () => {
  const [, example = ''] = /```text\n(billing #1: asks\n.*?)\n```/s.exec(PAGE) ?? [];
  const tokens = new TokenClient({
    store: new MemoryTokenStore(),
    integrations: { billing: { source: new FakeTokenSource() } },
  });
  const lines: string[] = [];
  tokens.observe(new TokenCallLog((line) => lines.push(line)));
  for (let call = 0; call < 2; call++) await tokens.getToken('billing');
  await tokens.close();
  expect(stepsOf(example.split('\n'))).toEqual(stepsOf(lines));
});
