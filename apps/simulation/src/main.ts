import { parseArgs } from 'node:util';
import { builtLibrary, loadLibrary } from './library.js';
import { simulate } from './simulate.js';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '1000' }, from: { type: 'string', default: '1' }, seed: { type: 'string' }, library: { type: 'string' }, fault: { type: 'string', multiple: true }, mutant: { type: 'string' } },
});
import { makeMutant } from './mutant.js';
import { MUTATIONS } from './mutations.js';
if (values.mutant !== undefined) { const m = MUTATIONS[Number(values.mutant)]!; console.log(m.name); values.library = makeMutant(m).directory; values.fault = m.faults as string[]; }
const library = await loadLibrary(values.library ?? builtLibrary());
if (values.seed) {
  const o = await simulate(Number(values.seed), library, values.fault);
  console.log(o.history.join('\n'));
  console.log({ ...o, history: undefined });
} else {
  const began = performance.now();
  const broken: Record<string, number[]> = {};
  let events = 0;
  const n = Number(values.seeds);
  for (let seed = Number(values.from); seed < Number(values.from) + n; seed++) {
    const o = await simulate(seed, library, values.fault);
    events += o.events;
    if (o.breach) {
      if (values.mutant) { console.log('  CAUGHT', seed, JSON.stringify(o.breach)); process.exit(0); }
      (broken[o.breach.invariant] ??= []).push(seed);
      if (broken[o.breach.invariant]!.length <= 3) console.log(seed, o.faults, o.breach);
    }
  }
  const s = (performance.now() - began) / 1000;
  console.log({ s, perSecond: n / s, events }, Object.fromEntries(Object.entries(broken).map(([k, v]) => [k, [v.length, ...v.slice(0, 8)]])));
}
