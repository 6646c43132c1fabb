import { once } from 'node:events';
import { Readable } from 'node:stream';
import { StreamedBody } from './streamed-body.js';

const KEPT_BYTES = 4_096;
const SILENCE_MS = 100;

describe('A body on its way to the upstream', () => {
  let body: StreamedBody;
  beforeEach(() => (body = new StreamedBody(KEPT_BYTES, Infinity, 0)));
  afterEach(() => {
    body.destroy();
    jest.useRealTimers();
  });

  const bytes = (count: number) => Array.from({ length: count }, (_, index) => Buffer.from([index % 256]));
  async function read(): Promise<Buffer[]> {
    const pieces: Buffer[] = [];
    for await (const piece of body) pieces.push(piece as Buffer);
    return pieces;
  }

  it.each([1, 100, KEPT_BYTES, 100_000])('is joined to few pieces when %d bytes come one by one', async (count) => {
    Readable.from(bytes(count), { objectMode: false }).pipe(body);
    const pieces = await read();

    expect(Buffer.concat(pieces)).toEqual(Buffer.concat(bytes(count)));
    expect(pieces.length).toBeLessThanOrEqual(Math.max(1, count / 10));
    expect(body.all).toEqual(count <= KEPT_BYTES ? Buffer.concat(bytes(count)) : undefined);
  });

  it('is sent on although nothing more comes', async () => {
    body.write('a');
    await once(body, 'readable');
    expect(String(body.read())).toBe('a');
    body.write('b');
    await once(body, 'readable');
    expect(String(body.read())).toBe('b');
  });

  it('keeps the order of small and large pieces', async () => {
    const pieces = ['a', 'b'.repeat(5_000), 'c', 'd', 'e'.repeat(50_000), 'f'];
    Readable.from(pieces.map((piece) => Buffer.from(piece))).pipe(body);

    expect(String(Buffer.concat(await read()))).toBe(pieces.join(''));
  });

  it('is waited with while the upstream reads nothing, and is whole when it reads again', async () => {
    const count = 500_000;
    let taken = 0;
    const source = Readable.from(
      (function* () {
        for (const byte of bytes(count)) {
          taken++;
          yield byte;
        }
      })(),
      { objectMode: false },
    );
    source.pipe(body);
    await once(source, 'pause');
    expect(taken).toBeLessThan(count / 2);

    expect(Buffer.concat(await read())).toHaveLength(count);
  });

  it('is not given up as long as some of it comes or goes', () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    body = new StreamedBody(KEPT_BYTES, Infinity, SILENCE_MS);
    body.write(Buffer.alloc(100_000));
    jest.advanceTimersByTime(SILENCE_MS - 1);
    body.read();
    jest.advanceTimersByTime(SILENCE_MS - 1);
    expect(body.destroyed).toBe(false);
    body.write('more');
    jest.advanceTimersByTime(SILENCE_MS - 1);
    expect(body.destroyed).toBe(false);
    jest.advanceTimersByTime(2);
    expect(body.destroyed).toBe(true);
  });
});
