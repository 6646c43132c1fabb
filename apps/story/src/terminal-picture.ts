import asciichart from 'asciichart';
import { type Counters, COUNTERS } from './counters.js';
import { countAt, type Telling } from './telling.js';

const { blue, plot, red, reset } = asciichart;
const HEIGHT = 12;
/** Of the labels of the axis. */
const AXIS = 12;

export interface Screen {
  readonly columns: number;
  readonly colours: boolean;
}

/** The two curves and the counters, as text. */
export function terminalPicture(telling: Telling, { columns, colours }: Screen): string {
  const { own, shared, seconds, elapsedS, workers, lifeS, callEveryMs } = telling;
  const width = Math.max(20, Math.min(columns, 92) - AXIS);
  const instants = Array.from({ length: width }, (_, index) => ((index + 1) / width) * seconds).filter(
    (instant) => instant <= elapsedS + seconds / width,
  );
  const paint = (text: string, colour: string) => (colours ? `${colour}${text}${reset}` : text);
  const curves = [own, shared].map(({ mintedAtS }) => [0, ...countAt(instants, mintedAtS)]);
  const top = Math.max(1, ...curves.flat());
  const chart = plot(curves, {
    height: HEIGHT,
    min: 0,
    max: top,
    format: (value) => String(Math.round(value)).padStart(6),
    ...(colours && { colors: [red, blue] }),
  });
  return [
    `Tokens minted, by the identity provider's own account: ${workers} workers a side,\na call in each every ${callEveryMs} ms, tokens that live for ${lifeS} s`,
    `${paint('upper line: each worker has a cache of its own', red)}   ${paint('lower line: one shared cache', blue)}`,
    '',
    chart,
    `${' '.repeat(8)}0 s${`${seconds} s`.padStart(width - 3)}`,
    '',
    row('', 'own', 'shared'),
    ...COUNTERS.map((name) => row(name, figure(own.counters, name), figure(shared.counters, name))),
    '',
  ].join('\n');
}

/** One line for those who read no picture. */
export function progressLine({ elapsedS, seconds, own, shared }: Telling): string {
  const minted = `own ${own.mintedAtS.length}, shared ${shared.mintedAtS.length} tokens minted`;
  return `${elapsedS.toFixed(0).padStart(4)} of ${seconds} s: ${minted}`;
}

function row(name: string, own: string, shared: string): string {
  return `${name.padEnd(20)}${own.padStart(12)}${shared.padStart(12)}`;
}

function figure(counters: Counters, name: keyof Counters): string {
  return counters[name].toLocaleString('en').replaceAll(',', ' ');
}
