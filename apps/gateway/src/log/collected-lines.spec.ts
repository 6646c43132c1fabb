import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { CollectedLines } from './collected-lines.js';

describe('Lines of the log', () => {
  it('are written several at a time, each in one piece', async () => {
    const output = new PassThrough({ encoding: 'utf8' });
    const stream = new CollectedLines(output);
    for (const line of ['{"a":1}\n', '{"b":2}\n', '{"c":3}\n']) stream.write(line);

    expect(await once(output, 'data')).toEqual(['{"a":1}\n{"b":2}\n{"c":3}\n']);
  });

  it('are flushed when everything before is written', async () => {
    const output = new PassThrough({ encoding: 'utf8' });
    const stream = new CollectedLines(output);
    stream.write('{"a":1}\n');
    await stream.flush();

    expect(output.read()).toBe('{"a":1}\n');
  });
});
