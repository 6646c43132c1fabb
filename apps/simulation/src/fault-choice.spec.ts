import { Chance } from './chance.js';
import { chooseFaults, faultsNamed } from './fault-choice.js';

describe('The faults of a run', () => {
  const chance = new Chance(1);
  const namesOf = (faults: readonly { readonly name: string }[]): string[] => faults.map(({ name }) => name);

  it('are those that were named, with commas between them', () => {
    const mixture = 'messages are lost, the store is slow';
    expect(namesOf(chooseFaults(chance, { mixture }))).toEqual(['messages are lost', 'the store is slow']);
  });

  it.each(['usual', 'weather', 'all'])('are some of the mixture "%s" when that is named', (mixture) => {
    const chosen = Array.from({ length: 50 }, (_, seed) => chooseFaults(new Chance(seed), { mixture }));
    expect(chosen.some((faults) => faults.length === 0)).toBe(true);
    expect(chosen.some((faults) => faults.length > 1)).toBe(true);
    expect(namesOf(faultsNamed(mixture))).toEqual(expect.arrayContaining(namesOf(chosen.flat())));
  });

  it('are all faults of the other mixtures in the mixture "all", each once', () => {
    const names = namesOf(faultsNamed('all'));
    expect(names.sort()).toEqual([...namesOf(faultsNamed('usual')), ...namesOf(faultsNamed('weather'))].sort());
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([
    ['is unknown', 'messages are lost,no such', 'There is no fault "no such"'],
    ['is empty', 'messages are lost,', 'The name of a fault is empty'],
  ])('are refused when a name %s', (_what, mixture, problem) => {
    expect(() => chooseFaults(chance, { mixture })).toThrow(problem);
  });
});
