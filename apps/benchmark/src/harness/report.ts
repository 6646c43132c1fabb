import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Finding } from './finding.js';

/** When a row was measured, and how busy the machine was with other work. */
export interface Circumstances {
  /** ISO 8601 */
  readonly measuredAt: string;
  /** The load average of one minute before the run began. */
  readonly load: number;
  /** How long the row took; reports of older versions do not tell. */
  readonly tookMs?: number;
}

/** What a run found; the page is made of it. */
export interface Report {
  readonly node: string;
  readonly processor: string;
  readonly cores: number;
  readonly rows: Readonly<Record<string, Finding & Circumstances & { readonly work: string }>>;
}

/** Not in git: it says as much of the machine as of the code. */
export const REPORT = fileURLToPath(new URL('../../../../reports/benchmark.json', import.meta.url));

/** To be asked before the run makes a load of its own. */
export function circumstances(): Circumstances {
  const [load = 0] = loadavg();
  return { measuredAt: new Date().toISOString(), load };
}

/** The rows of this run in place of the same rows of an earlier one. */
export function writeReport(rows: Report['rows'], earlier: Report['rows'] = {}): void {
  const [processor] = cpus();
  const report: Report = {
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
