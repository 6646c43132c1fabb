import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readReport } from '../harness/report.js';
import { ROWS } from '../rows/index.js';
import { curvesName, page, plotName } from './page.js';
import { plot, plotCurves } from './plot.js';

const PAGE = fileURLToPath(new URL('../../../../docs/performance.md', import.meta.url));
const FORMATTER = fileURLToPath(new URL('../../../../node_modules/.bin/oxfmt', import.meta.url));
const PLOTS = fileURLToPath(new URL('../../../../docs/performance/', import.meta.url));

const report = readReport();
rmSync(PLOTS, { recursive: true, force: true });
mkdirSync(PLOTS);
for (const row of ROWS) {
  for (const [index, comparison] of (report.rows[row.name]?.comparisons ?? []).entries()) {
    if (comparison.entries.length > 2) writeFileSync(`${PLOTS}${plotName(row, index)}`, await plot(comparison));
  }
  for (const [index, curves] of (report.rows[row.name]?.curves ?? []).entries()) {
    writeFileSync(`${PLOTS}${curvesName(row, index)}`, await plotCurves(curves));
  }
}
writeFileSync(PAGE, page(report, ROWS));
execFileSync(FORMATTER, [PAGE]);
