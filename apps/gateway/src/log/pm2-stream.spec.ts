import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { Pm2Stream } from './pm2-stream.js';

describe('The output of a worker of PM2', () => {
  it('is passed on in whole lines, several at a time', async () => {
    const output = new PassThrough({ encoding: 'utf8' });
    const stream = new Pm2Stream(output);
    for (const line of ['{"a":1}\n', '{"b":2}\n', '{"c":3}\n']) stream.write(line);

    expect(await once(output, 'data')).toEqual(['{"a":1}\n{"b":2}\n{"c":3}\n']);
  });

  it('is flushed when everything before is written', async () => {
    const output = new PassThrough({ encoding: 'utf8' });
    const stream = new Pm2Stream(output);
    stream.write('{"a":1}\n');
    await stream.flush();

    expect(output.read()).toBe('{"a":1}\n');
  });
});
