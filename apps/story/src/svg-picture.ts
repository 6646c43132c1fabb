import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { type SideSoFar, sentenceOf, type Telling } from './telling.js';

const OWN = 'a cache of its own in each worker';
const SHARED = 'one shared cache';
/** Apart for the colour-blind as well, and 4.5:1 against white. */
const COLOURS = ['#b3261e', '#0b57d0'];
const WIDTH = 640;
const HEIGHT = 300;
const LINE_LENGTH = 100;

/** The picture as SVG: it refers to nothing outside of itself. */
export async function svgPicture(telling: Telling): Promise<string> {
  const view = new View(parse(compile(specOf(telling)).spec), { renderer: 'none' });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}

function specOf(telling: Telling): TopLevelSpec {
  const { own, shared, seconds, workers, lifeS, callEveryMs } = telling;
  const curves = [...curveOf(OWN, own, seconds), ...curveOf(SHARED, shared, seconds)];
  const ends = curves.filter(({ isEnd }) => isEnd);
  const x = { field: 'second', type: 'quantitative' as const, title: 'seconds' };
  // Room for the label of the upper curve.
  const scale = { domainMax: Math.ceil(own.mintedAtS.length * 1.15) };
  const y = { field: 'minted', type: 'quantitative' as const, title: 'tokens minted', scale };
  const color = { field: 'side', scale: { domain: [OWN, SHARED], range: COLOURS }, legend: null };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: WIDTH,
    height: HEIGHT,
    padding: 16,
    background: 'white',
    autosize: 'pad',
    title: {
      text: `Tokens minted: ${workers} workers, a call in each every ${callEveryMs} ms, tokens that live for ${lifeS} s`,
      subtitle: wrapped(sentenceOf(telling)),
      anchor: 'start',
      fontSize: 15,
      subtitleFontSize: 12,
      subtitleColor: '#444',
      offset: 12,
    },
    layer: [
      {
        data: { values: curves },
        mark: { type: 'line', interpolate: 'step-after', strokeWidth: 2.5 },
        encoding: { x, y, color },
      },
      {
        data: { values: ends },
        mark: { type: 'text', align: 'right', dy: -8, fontSize: 13, fontWeight: 'bold' },
        encoding: { x, y, color, text: { field: 'label' } },
      },
    ],
    config: {
      font: 'sans-serif',
      view: { stroke: null },
      axis: { gridColor: '#e3e3e3', labelFontSize: 12, titleFontSize: 12 },
    },
  };
}

interface Point {
  readonly side: string;
  readonly second: number;
  readonly minted: number;
  readonly isEnd: boolean;
  readonly label: string;
}

function curveOf(side: string, { mintedAtS }: SideSoFar, seconds: number): Point[] {
  const label = `${side}: ${mintedAtS.length}`;
  const point = (second: number, minted: number, isEnd = false): Point => ({ side, second, minted, isEnd, label });
  const steps = mintedAtS.map((at, index) => point(at, index + 1));
  return [point(0, 0), ...steps, point(seconds, mintedAtS.length, true)];
}

/** Vega breaks no lines. */
function wrapped(text: string): string[] {
  return text.match(new RegExp(`.{1,${LINE_LENGTH}}(?:\\s|$)`, 'g'))?.map((line) => line.trim()) ?? [text];
}
