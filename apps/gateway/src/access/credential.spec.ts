import fc from 'fast-check';
import { ApiKeys } from './api-keys.js';
import { presentedCredential } from './credential.js';
import { makeKey } from './make-key.js';

const OURS = makeKey();
const keys = new ApiKeys([
  { id: 'shop', sha256: [Buffer.from(OURS.sha256, 'hex')], integrations: ['billing'], purge: false, token: false },
]);

/** A request as Node parses it: of a repeated `Authorization` it keeps the first, others it joins. */
function requestWith(fields: readonly (readonly [string, string])[]) {
  const headers: Record<string, string> = {};
  for (const [name, value] of fields) {
    const known = name.toLowerCase();
    if (headers[known] === undefined) headers[known] = value;
    else if (known !== 'authorization') headers[known] += `, ${value}`;
  }
  return { headers, rawHeaders: fields.flat() };
}

function callerOf(fields: readonly (readonly [string, string])[]) {
  const presented = presentedCredential(requestWith(fields));
  return 'value' in presented ? keys.callerOf(presented.value)?.id : undefined;
}

const fieldName = fc.constantFrom(
  'authorization',
  'Authorization',
  'AUTHORIZATION',
  'x-api-key',
  'X-Api-Key',
  'cookie',
);
const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
/** Values that resemble a credential: pieces of the key, of the scheme, and anything else. */
const piece = fc.oneof(
  fc.constantFrom(
    OURS.key,
    OURS.key.slice(0, -1),
    OURS.sha256,
    'Bearer ',
    'bearer',
    'Basic ',
    ' ',
    ',',
    '\t',
    '"',
    '=',
    '',
  ),
  bytes,
);
const value = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''));
const fields = fc.array(fc.tuple(fieldName, value), { maxLength: 4 });

describe('The credential of a request', () => {
  it('lets nobody in but by the one field that decides, with exactly the key', () => {
    fc.assert(
      fc.property(fields, (given) => {
        const named = (name: string) => given.filter(([field]) => field.toLowerCase() === name).map(([, text]) => text);
        const [inKeyHeader, inAuthorization] = [named('x-api-key'), named('authorization')];
        const isRight =
          inKeyHeader.length <= 1 &&
          inAuthorization.length <= 1 &&
          (inKeyHeader.length === 1
            ? inKeyHeader[0] === OURS.key
            : inAuthorization.some((text) => /^bearer +(.*)$/i.exec(text)?.[1] === OURS.key));

        expect(callerOf(given)).toBe(isRight ? 'shop' : undefined);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is the key itself, whatever visible characters it has', () => {
    const visible = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      minLength: 1,
    });
    fc.assert(
      fc.property(visible, (key) => {
        expect(presentedCredential(requestWith([['Authorization', `Bearer ${key}`]]))).toEqual({
          kind: 'bearer',
          value: key,
        });
        expect(presentedCredential(requestWith([['X-Api-Key', key]]))).toEqual({ kind: 'key', value: key });
      }),
    );
  });

  it('is read in a time that does not explode with its length', () => {
    const long = `Bearer ${' '.repeat(8_000)}\n${'a'.repeat(8_000)}`;
    expect(presentedCredential(requestWith([['authorization', long]]))).toEqual({ kind: 'malformed' });
  });
});
