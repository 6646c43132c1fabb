import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brokenCommands } from './commands.js';
import { parsePage } from './page.js';
import { ROOT } from './workspace.js';

const KILLED = { project: 'chaos', spec: 'holder.e2e-spec.ts', test: 'Eight (8) replace a holder', fault: 'SIGKILL' };
const CALM = { project: 'token-cache', spec: 'flights.spec.ts', test: 'Flights | join', fault: 'none' };

describe('The tables of npm run guarantees', () => {
  let reports: string;
  let text: string;

  beforeAll(() => {
    reports = mkdtempSync(join(tmpdir(), 'guarantees-'));
    const rows = [
      { ...KILLED, promises: [4, 2], mints: 9, bound: 9, errors: {}, recoveryMs: 12.4 },
      { ...KILLED, promises: [4, 2], mints: 3, bound: 2, errors: { TOKEN_WAIT_TIMEOUT: 7 }, recoveryMs: 966.4 },
      { ...CALM, promises: [1], seen: 'a | b' },
    ];
    mkdirSync(join(reports, 'evidence'));
    writeFileSync(join(reports, 'evidence', 'all.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
    execFileSync(process.execPath, [join(ROOT, 'tools/guarantees.mjs'), reports], { stdio: 'pipe' });
    text = readFileSync(join(reports, 'guarantees.md'), 'utf8');
  });

  afterAll(() => rmSync(reports, { recursive: true, force: true }));

  it('say for each suite how many rows are above their bound', () => {
    expect(text).toContain(
      '| chaos/holder.e2e-spec.ts | 2, 4 | 1 | 1 | 966 ms | `npx nx run chaos:e2e --testPathPatterns=holder.e2e-spec` |',
    );
    expect(text).toContain('| token-cache/flights.spec.ts | 1 | 1 |  |  | `npx nx run token-cache:test');
  });

  it('have the last row of a test that ran twice, and the command that runs it again', () => {
    expect(text).toContain('| SIGKILL | 4, 2 | 3 ≤ 2 | 7 × TOKEN_WAIT_TIMEOUT | 966 ms |');
    expect(text).not.toContain('9 ≤ 9');
    expect(text).toContain('`npx nx run chaos:e2e --testNamePattern "Eight .8. replace a holder"`');
  });

  it('leave out columns without a value, and escape what would end a cell', () => {
    expect(text).toContain(
      '| Fault | Promise | Seen | Run it again |\n| --- | --- | --- | --- |\n| none | 1 | a \\| b |',
    );
  });

  it('show only commands that exist', () => {
    expect(brokenCommands(parsePage('reports/guarantees.md', text))).toEqual([]);
  });
});
