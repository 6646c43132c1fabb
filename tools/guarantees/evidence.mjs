import { readdirSync, readFileSync } from 'node:fs';

const DIRECTORY = new URL('../../reports/evidence/', import.meta.url);

/** What each test has seen last, in the order in which the tests were first run. */
export function readEvidence() {
  const last = new Map();
  for (const file of readdirSync(DIRECTORY).sort()) {
    for (const line of readFileSync(new URL(file, DIRECTORY), 'utf8').trim().split('\n')) {
      const row = JSON.parse(line);
      last.set([row.project, row.spec, row.test, row.fault].join('\n'), row);
    }
  }
  return [...last.values()];
}
