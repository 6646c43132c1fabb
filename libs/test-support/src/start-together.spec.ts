import { RunningParts, startTogether } from './start-together.js';

describe('startTogether', () => {
  let stopped: string[];
  const part = (name: string) => ({ stop: async () => void stopped.push(name) });

  beforeEach(() => (stopped = []));

  it('leaves everything running when all parts start', async () => {
    const running = await startTogether(async (parts) => {
      parts.add(part('server'));
      return parts;
    });
    expect(stopped).toEqual([]);
    await running.stop();
    expect(stopped).toEqual(['server']);
  });

  it('stops what runs, the last part first, when a part does not start', async () => {
    const starting = startTogether(async (parts) => {
      parts.add(part('server'));
      parts.onStop(() => stopped.push('directory'));
      throw new Error('The worker does not start');
    });
    await expect(starting).rejects.toThrow('The worker does not start');
    expect(stopped).toEqual(['directory', 'server']);
  });

  it('stops the other parts when one does not stop, and says why it did not', async () => {
    const parts = new RunningParts();
    parts.add(part('server'));
    parts.onStop(() => Promise.reject(new Error('It hangs')));
    await expect(parts.stop()).rejects.toMatchObject({ errors: [new Error('It hangs')] });
    expect(stopped).toEqual(['server']);
  });
});
