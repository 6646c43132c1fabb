import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Finding } from './finding.js';

/** What a run found; the page is made of it. */
export interface Report {
  readonly madeAt: string;
  readonly node: string;
  readonly processor: string;
  readonly cores: number;
  readonly rows: Readonly<Record<string, Finding & { readonly work: string }>>;
}

/** Not in git: it says as much of the machine as of the code. */
export const REPORT = fileURLToPath(new URL('../../../../reports/benchmark.json', import.meta.url));

/** The rows of this run in place of the same rows of an earlier one. */
export function writeReport(rows: Report['rows'], earlier: Report['rows'] = {}): void {
  const [processor] = cpus();
  const report: Report = {
    madeAt: new Date().toISOString(),
    node: process.version,
    processor: processor?.model ?? 'unknown',
    cores: cpus().length,
    rows: { ...earlier, ...rows },
  };
  mkdirSync(dirname(REPORT), { recursive: true });
  writeFileSync(REPORT, `${JSON.stringify(report, null, 2)}\n`);
}

/** @throws Error when there was no run */
export function readReport(): Report {
  return JSON.parse(readFileSync(REPORT, 'utf8')) as Report;
}
