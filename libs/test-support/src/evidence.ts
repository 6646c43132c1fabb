import { appendFileSync, mkdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What one test has seen of one promise under one fault: a row of `reports/guarantees.md`. */
export interface Evidence {
  /** The promises that the fault must not break, by their number in `docs/guarantees.md`. */
  promises: readonly number[];
  /** What was done to the fleet. */
  fault: string;
  /** Calls to the token endpoint. */
  mints?: number;
  /** The most that the second promise allows. */
  bound?: number;
  /** What callers heard besides tokens, by code; empty when every caller got one. */
  errors?: Readonly<Record<string, number>>;
  /** From the end of the fault, or from its beginning where the fleet has to get over it, to the next token. */
  recoveryMs?: number;
  /** Whatever else was measured, in words. */
  seen?: string;
}

/** Where the evidence of all suites is kept, a file for each project. */
const DIRECTORY = fileURLToPath(new URL('../../../reports/evidence/', import.meta.url));

/** Writes down what the running test of Jest has seen; `npm run guarantees` makes the tables of it. */
export function recordEvidence(evidence: Evidence): void {
  const { currentTestName, testPath = '' } = expect.getState();
  const project = basename(process.cwd());
  mkdirSync(DIRECTORY, { recursive: true });
  const row = { project, spec: basename(testPath), test: currentTestName, ...evidence };
  appendFileSync(`${DIRECTORY}${project}.jsonl`, `${JSON.stringify(row)}\n`);
}
