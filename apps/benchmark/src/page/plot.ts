import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { type Curves } from '../harness/curves.js';
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
  return draw(spec);
}

/** Curves with the value that they cannot pass, as SVG. */
export async function plotCurves({ title, x, y, limit, lines }: Curves): Promise<string> {
  const values = lines.flatMap(({ name, points }) => points.map((point) => ({ name, ...point })));
  const scale = { type: 'log' as const };
  const spec: TopLevelSpec = {
    title,
    width: 480,
    height: 300,
    background: 'white',
    data: { values },
    layer: [
      {
        mark: { type: 'line', point: true },
        encoding: {
          x: { field: 'x', type: 'quantitative', scale, title: x },
          y: { field: 'y', type: 'quantitative', scale, title: y, axis: { format: '~g' } },
          color: { field: 'name', type: 'nominal', sort: lines.map(({ name }) => name), title: null },
        },
      },
      { mark: { type: 'rule', strokeDash: [4, 4], color: '#d93025' }, encoding: { y: { datum: limit.y } } },
      {
        mark: { type: 'text', align: 'left', dx: 4, dy: -6, color: '#d93025', text: limit.name },
        encoding: { x: { datum: Math.min(...values.map((point) => point.x)) }, y: { datum: limit.y } },
      },
    ],
    config: { legend: { labelLimit: 320 } },
  };
  return draw(spec);
}

function draw(spec: TopLevelSpec): Promise<string> {
  return new View(parse(compile(spec).spec), { renderer: 'none' }).toSVG();
}
