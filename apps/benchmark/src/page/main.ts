import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { readReport } from '../harness/report.js';
import { ROWS } from '../rows/index.js';
import { page, plotName } from './page.js';
import { plot } from './plot.js';

const PAGE = fileURLToPath(new URL('../../../../docs/performance.md', import.meta.url));
const PLOTS = fileURLToPath(new URL('../../../../docs/performance/', import.meta.url));

const report = readReport();
rmSync(PLOTS, { recursive: true, force: true });
mkdirSync(PLOTS);
for (const row of ROWS) {
  for (const [index, comparison] of (report.rows[row.name]?.comparisons ?? []).entries()) {
    if (comparison.entries.length > 2) writeFileSync(`${PLOTS}${plotName(row, index)}`, await plot(comparison));
  }
}
writeFileSync(PAGE, await format(page(report, ROWS), { ...(await resolveConfig(PAGE)), parser: 'markdown' }));
