import { traceIdOf } from './trace-id.js';

const ID = '0af7651916cd43dd8448eb211c80319c';
const traceIdIn = (traceparent?: string) => traceIdOf({ headers: traceparent === undefined ? {} : { traceparent } });

describe('The trace id of a request', () => {
  it.each([`00-${ID}-b7ad6b7169203331-01`, `00-${ID}-b7ad6b7169203331-00`, `cc-${ID}-b7ad6b7169203331-01-later`])(
    'is that of its traceparent %s',
    (traceparent) => {
      expect(traceIdIn(traceparent)).toBe(ID);
    },
  );

  it.each([
    undefined,
    '',
    ID,
    `ff-${ID}-b7ad6b7169203331-01`,
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-${ID}-${'0'.repeat(16)}-01`,
    `00-${ID.toUpperCase()}-b7ad6b7169203331-01`,
    `00-${ID}-b7ad6b7169203331-01, 00-${ID}-b7ad6b7169203331-01`,
    `00-${ID}\n-b7ad6b7169203331-01`,
  ])('is unknown with the traceparent %j', (traceparent) => {
    expect(traceIdIn(traceparent)).toBeUndefined();
  });
});
