import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readEvidence } from './guarantees/evidence.mjs';
import { mutationTable } from './guarantees/mutation.mjs';
import { suitesOf } from './guarantees/suites.mjs';
import { summaryOf } from './guarantees/summary.mjs';
import { evidenceTable } from './guarantees/table.mjs';

/**
 * `npm run guarantees`: writes what the last run of each test has seen to `reports/guarantees.md`, which git ignores.
 * `docs/guarantees.md` says in five minutes what these tables say in full.
 */
const reports = process.argv[2] ?? fileURLToPath(new URL('../reports', import.meta.url));
const page = join(reports, 'guarantees.md');

const suites = suitesOf(readEvidence(join(reports, 'evidence')));
const mutations = mutationTable(join(reports, 'mutation', 'mutation.json'));

const sections = [
  '# What the tests saw',
  `Node ${process.version}, ${new Date().toISOString()}. The promises are those of \`docs/guarantees.md\`.`,
  summaryOf(suites),
  ...suites.map((suite) => `## ${suite.project}/${suite.spec}\n\n${evidenceTable(suite.rows)}`),
  ...(mutations ? [`## Mutation testing\n\n${mutations}`] : []),
];
writeFileSync(page, `${sections.join('\n\n')}\n`);
console.log(`Written: ${page}`);
