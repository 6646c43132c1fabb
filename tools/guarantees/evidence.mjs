import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What each test has seen last, in the order in which the tests were first run. */
export function readEvidence(directory) {
  const last = new Map();
  for (const file of readdirSync(directory).sort()) {
    for (const line of readFileSync(join(directory, file), 'utf8').trim().split('\n')) {
      const row = JSON.parse(line);
      last.set([row.project, row.spec, row.test, row.fault].join('\n'), row);
    }
  }
  return [...last.values()];
}
