import { CrashWatch } from './crash-watch.js';

async function crashOf(run: () => Promise<unknown>): Promise<string | undefined> {
  const watch = new CrashWatch();
  await run().catch(() => {});
  watch.close();
  return watch.crash;
}

describe('CrashWatch', () => {
  it('notes a method that is missing, though the program catches the error', async () => {
    const call = async (): Promise<void> => (undefined as unknown as { missing(): void }).missing();
    expect(await crashOf(() => call().catch(() => {}))).toMatch(/^TypeError: .*missing.* at /);
  });

  it('does not note what a program may reject with', async () => {
    expect(await crashOf(() => Promise.reject(new Error('TypeError is only a word here')))).toBeUndefined();
  });
});
