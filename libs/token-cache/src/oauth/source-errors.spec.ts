import { reasonOf } from './source-errors.js';

describe('The reason of a failed exchange', () => {
  const refusedByProxy = Object.assign(new Error('Proxy response (407) !== 200 when HTTP Tunneling'), {
    name: 'AbortError',
    code: 'UND_ERR_ABORTED',
  });

  it.each<[string, unknown, string]>([
    ['its code', Object.assign(new Error('s3cret'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['the code of its cause', new TypeError('s3cret', { cause: refusedByProxy }), 'UND_ERR_ABORTED'],
    [
      'the code of the cause below one whose code is a number',
      new TypeError('s3cret', {
        cause: Object.assign(new Error('Request was cancelled.', { cause: refusedByProxy }), { code: 0 }),
      }),
      'UND_ERR_ABORTED',
    ],
    ['the code of the cause below one whose code is empty', { code: '', cause: { code: 'EPIPE' } }, 'EPIPE'],
    ['the name of an error without either', new RangeError('s3cret'), 'RangeError'],
    ['the name of an error of the DOM, whose code is a number', new DOMException('s3cret', 'AbortError'), 'AbortError'],
    ['no more than that it is an error', undefined, 'unknown error'],
  ])('is %s', (_what, error, reason) => {
    expect(reasonOf(error)).toBe(reason);
  });
});
