import { waitFor } from './wait-for.js';

describe('waitFor', () => {
  it('answers what the condition answers at last', async () => {
    let asked = 0;
    await expect(waitFor(() => (++asked < 3 ? undefined : 'now'), { intervalMs: 1 })).resolves.toBe('now');
  });

  it('asks again after an error', async () => {
    let asked = 0;
    const condition = async () => {
      if (++asked < 3) throw new Error('too early');
      return asked;
    };
    await expect(waitFor(condition, { intervalMs: 1 })).resolves.toBe(3);
  });

  it('tells what it waited for, and the last error', async () => {
    const cause = new Error('refused');
    const waiting = waitFor(() => Promise.reject(cause), { timeoutMs: 20, intervalMs: 5, description: 'the server' });
    await expect(waiting).rejects.toMatchObject({ message: 'Not within 20 ms: the server (refused)', cause });
  });
});
