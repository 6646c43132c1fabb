import fc from 'fast-check';
import { seriesKey } from './series.js';

const text = fc.string({ unit: fc.constantFrom('a', 'b', ',', '=', ':', '1', '"', '\n') });
const labels = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof(text, fc.nat({ max: 12 })), {
  noNullPrototype: true,
});
const name = fc.constantFrom(undefined, 'x_sum', 'x_count');

const keyOf = (metricName: string | undefined, of: Record<string, string | number>, without?: string): string =>
  seriesKey({ metricName: metricName!, labels: of, value: 0 }, without);

/** As text, since Prometheus has no other labels. */
const plain = (of: Record<string, string | number>): [string, string][] =>
  Object.entries(of)
    .map(([label, value]): [string, string] => [label, String(value)])
    .sort();

describe('The key of a series', () => {
  it('is equal exactly if the names and all labels are, whatever the labels hold', () => {
    fc.assert(
      fc.property(name, labels, name, labels, (oneName, one, otherName, other) => {
        const isOne = JSON.stringify([oneName, plain(one)]) === JSON.stringify([otherName, plain(other)]);
        expect(keyOf(oneName, one) === keyOf(otherName, other)).toBe(isOne);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['the order of the labels', { a: 'x', b: 'y' }, { b: 'y', a: 'x' }],
    ['whether a value is a number or its text', { a: 1 }, { a: '1' }],
  ])('does not depend on %s', (_, one, other) => {
    expect(keyOf('x', one)).toBe(keyOf('x', other));
  });

  it.each([
    ['a value that looks like a further label', { a: 'x,b=1:y' }, { a: 'x', b: 'y' }],
    ['a value that looks like a length', { a: '1:x' }, { a: 'x' }],
  ])('tells %s from that', (_, one, other) => {
    expect(keyOf('x', one)).not.toBe(keyOf('x', other));
  });

  it('leaves out a label that does not count', () => {
    expect(keyOf('x', { le: 1, a: 'b' }, 'le')).toBe(keyOf('x', { le: '+Inf', a: 'b' }, 'le'));
    expect(keyOf('x', { le: 1, a: 'b' }, 'le')).not.toBe(keyOf('x', { le: 1, a: 'c' }, 'le'));
  });
});
