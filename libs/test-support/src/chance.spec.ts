import { Chance } from './chance.js';

const draws = (chance: Chance) => Array.from({ length: 5 }, () => chance.random());

describe('Chance', () => {
  it('draws the published sequence of mulberry32, so that a seed noted years ago repeats its run', () => {
    const chance = new Chance(1);
    expect([chance.random(), chance.random()].map((drawn) => drawn * 2 ** 32)).toEqual([2693262067, 11749833]);
  });

  it('gives a fork a sequence of its own, which the seed repeats', () => {
    const [one, same] = [new Chance(7), new Chance(7)];
    const drawn = draws(one.fork());
    expect(draws(same.fork())).toEqual(drawn);
    expect(draws(one)).not.toEqual(drawn);
  });

  it('keeps within its bounds, which may both be drawn', () => {
    const chance = new Chance(3);
    const drawn = Array.from({ length: 200 }, () => chance.whole(2, 4));
    expect(new Set(drawn)).toEqual(new Set([2, 3, 4]));
  });

  it('samples all items once, in an order of chance', () => {
    const items = Array.from({ length: 20 }, (_, index) => index);
    const sample = new Chance(5).sample(items);
    expect(sample).not.toEqual(items);
    expect(sample.toSorted((a, b) => a - b)).toEqual(items);
  });
});
