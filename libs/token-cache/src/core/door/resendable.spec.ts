import { isResendable } from './resendable.js';

describe('isResendable', () => {
  it.each([
    ['nothing', () => undefined],
    ['null', () => null],
    ['a text', () => 'text'],
    ['bytes', () => Buffer.from('bytes')],
    ['a view of bytes', () => new DataView(new ArrayBuffer(1))],
    ['an ArrayBuffer', () => new ArrayBuffer(1)],
    ['URLSearchParams', () => new URLSearchParams({ a: '1' })],
    ['a Blob', () => new Blob(['x'])],
    ['a form', () => new FormData()],
  ])('is true for %s', (_, body) => expect(isResendable(body())).toBe(true));

  it.each([
    ['a stream', () => new Blob(['x']).stream()],
    ['an iterator', () => ['x'][Symbol.iterator]()],
    ['a number', () => 7],
  ])('is false for %s', (_, body) => expect(isResendable(body())).toBe(false));
});
