import { readFileSync, writeFileSync } from 'node:fs';
import { readEvidence } from './guarantees/evidence.mjs';
import { mutationTable } from './guarantees/mutation.mjs';
import { tableOf } from './guarantees/table.mjs';

/** `npm run guarantees`: puts what the last run of each test has seen into the tables of the page. */
const PAGE = new URL('../docs/guarantees.md', import.meta.url);
/** `<!-- evidence chaos/redis.e2e-spec.ts -->` is where the rows of that spec go, `<!-- evidence chaos -->` those of a project. */
const TABLE = /(<!-- evidence (\S+) -->\n)[^]*?(<!-- \/evidence -->)/g;

const MUTATION = /(<!-- mutation -->\n)[^]*?(<!-- \/mutation -->)/;

const rows = readEvidence();
const page = readFileSync(PAGE, 'utf8').replace(TABLE, (_whole, begin, place, end) => {
  const [project, spec] = place.split('/');
  const wanted = rows.filter((row) => row.project === project && (!spec || row.spec === spec));
  if (wanted.length === 0) throw new Error(`Nothing in reports/evidence is of ${place}: run its tests first`);
  return `${begin}\n${tableOf(wanted)}\n\n${end}`;
});
const mutations = mutationTable();
writeFileSync(PAGE, mutations ? page.replace(MUTATION, `$1\n${mutations}\n\n$2`) : page);
