import { TokenObserver } from './token-observer.js';
import { TokenObservers } from './token-observers.js';

class Throws extends TokenObserver {
  override miss(): void {
    throw new Error('no metrics today');
  }
}

/** One in JavaScript, or a careless one in TypeScript. */
class Rejects extends TokenObserver {
  // eslint-disable-next-line @typescript-eslint/no-misused-promises -- the mistake that this is about
  override async miss(): Promise<void> {
    throw new Error('no metrics today');
  }
}

describe('Observers', () => {
  const warned = jest.spyOn(process, 'emitWarning').mockImplementation();
  beforeEach(() => warned.mockClear());
  afterAll(() => warned.mockRestore());

  it.each([
    ['throws', new Throws()],
    ['rejects', new Rejects()],
  ])('are all told although one %s, whose first error is a warning', async (_, faulty) => {
    const observers = new TokenObservers();
    const heard: string[] = [];
    observers.add(faulty);
    observers.add(
      new (class extends TokenObserver {
        override miss(integration: string): void {
          heard.push(integration);
        }
      })(),
    );
    for (let call = 0; call < 3; call++) observers.notify('miss', 'billing');
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual(['billing', 'billing', 'billing']);
    expect(warned.mock.calls).toEqual([
      [expect.stringMatching(/^miss\(\) of an observer failed: Error: no metrics today/), 'TokenCacheWarning'],
    ]);
  });
});
