import { atMost, comparisonOf, type Sampled } from '../harness/finding.js';
import { type Row } from '../harness/row.js';
import { runScript } from '../scripts/run-script.js';

const COUNTS = [1_000, 10_000, 100_000, 1_000_000];

/** Of so many tenants, a process has room for these parts in hand. */
const CROWD = 100_000;
const ROOMS = [1, 0.9, 0.5, 0.1];

interface Answer {
  readonly asksPerCall: number;
  readonly bytesPerKey: number;
  readonly ours: readonly number[];
  readonly map: readonly number[];
}

export const tenants: Row = {
  name: 'tenants',
  work: 'A hit in a process that has tokens of many tenants, which are asked for in an order without a pattern',
  notes: [
    'A look-up in a plain Map also takes many times as long at a million keys, which no cache of a processor holds.',
  ],
  limit: [
    'Memory that is in no cache of the processor stops the goal, as it does for the Map, whose factor is greater still.',
    'A hit visits two lists of what was used last, one from the tenant to the key and one from the key to the token, and in both the neighbours of the entry that it moves; then the entry, the token and its instants.',
    'In a profile with 100,000 tenants, 86 % of a hit are in four functions that do little but read such memory: 40 % in the `get` of `lru-cache`, for both lists; 15 % in the look-up from the tenant to the key; 18 % where a call first reads the key and the entry, and 13 % where it reads the instants. The clocks take 2 %, the garbage collector less than 1 %.',
    'The bytes, reckoned from the layout of objects in V8: about 190 for the two lists, 190 for instants on both clocks, 150 for the token, 150 for the key and its hash, 50 for the way back from a token to its key, and the rest for the entry.',
    'No one of these is half of them, so that nothing simple halves the bytes.',
  ],
  async run() {
    const ours: Sampled[] = [];
    const map: Sampled[] = [];
    const bytes: Sampled[] = [];
    for (const count of COUNTS) {
      const answer = await runScript<Answer>('tenants', [String(count)], ['--max-old-space-size=8192']);
      const name = `${count.toLocaleString('en')} tenants`;
      ours.push({ name, role: 'ours', samples: answer.ours });
      map.push({ name, role: 'limit', samples: answer.map });
      bytes.push({ name, role: 'ours', samples: [answer.bytesPerKey] });
    }
    const crowded: Sampled[] = [];
    const asked: string[][] = [];
    for (const part of ROOMS) {
      const answer = await runScript<Answer>('tenants', [String(CROWD), String(CROWD * part)], []);
      const name = `room for ${part * 100} % of ${CROWD.toLocaleString('en')} tenants`;
      crowded.push({ name, role: 'ours', samples: answer.ours });
      asked.push([name, answer.asksPerCall.toFixed(3)]);
    }
    const hits = comparisonOf({ title: 'A hit', unit: 'ns', better: 'lower' }, ours);
    return {
      comparisons: [
        hits,
        comparisonOf({ title: 'The same look-up in a Map', unit: 'ns', better: 'lower' }, map),
        comparisonOf(
          { title: 'A call beyond maxEntries, to a store in the process', unit: 'ns', better: 'lower' },
          crowded,
        ),
        comparisonOf({ title: 'Memory of a key besides its token', unit: 'bytes', better: 'lower' }, bytes),
      ],
      goals: [atMost(hits, '1,000,000 tenants', 2)],
      tables: [
        {
          title: 'Look-ups of the store beyond maxEntries',
          head: ['', 'look-ups per call'],
          lines: asked,
          notes: [
            'A call whose token is not in hand costs one look-up, and none costs more: the tenants push each other out, and nothing else.',
          ],
        },
      ],
    };
  },
};
