import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { type Comparison } from '../harness/finding.js';

const COLOURS = { limit: '#9aa0a6', ours: '#1a73e8', peer: '#e8833a' };

/** Bars of the ratios of one comparison, with the quartiles of the rounds, as SVG. */
export async function plot({ title, base, better, entries }: Comparison): Promise<string> {
  const values = entries.map(({ name, role, ratio }) => ({ name, role, ...ratio }));
  const sort = entries.map(({ name }) => name);
  const y = { field: 'name', type: 'nominal' as const, sort, title: null, axis: { labelLimit: 360 } };
  const scale = { type: 'log' as const, nice: true };
  const spec: TopLevelSpec = {
    title: {
      text: `${title}: multiples of ${base}`,
      subtitle: `${better} is better; whiskers: quartiles of the rounds`,
    },
    width: 480,
    background: 'white',
    data: { values },
    layer: [
      {
        mark: { type: 'point', filled: true, size: 90 },
        encoding: {
          y,
          x: { field: 'median', type: 'quantitative', scale, title: '×' },
          color: {
            field: 'role',
            type: 'nominal',
            scale: { domain: Object.keys(COLOURS), range: Object.values(COLOURS) },
            title: null,
          },
        },
      },
      {
        mark: { type: 'rule', strokeWidth: 2, opacity: 0.5 },
        encoding: { y, x: { field: 'low', type: 'quantitative', scale }, x2: { field: 'high' } },
      },
    ],
  };
  return new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG();
}
