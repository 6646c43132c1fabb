import { fileURLToPath } from 'node:url';
import { misfitOf } from './edit.js';
import { MUTATIONS } from './mutations.js';

const BUILD = fileURLToPath(new URL('../../../libs/token-cache/dist', import.meta.url));

/** Takes a second, where the hunt of `mutations.spec` takes minutes: to be run after each change of the core. */
describe('A deliberate defect fits the library as it is built', () => {
  it.each(MUTATIONS.map(({ name, edits }) => ({ name, edits })))('$name', ({ edits }) => {
    const misfits = edits.flatMap((edit) => misfitOf(BUILD, edit) ?? []);
    expect(misfits).toEqual([]);
  });

  it('has a name of its own', () => {
    const names = MUTATIONS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
