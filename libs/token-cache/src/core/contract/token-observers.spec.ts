import { type ObservedWork } from './observed-work.js';
import { type GetOutcome, TokenObserver } from './token-observer.js';
import { TokenObservers } from './token-observers.js';

class Throws extends TokenObserver {
  override miss(): void {
    throw new Error('no metrics today');
  }
}

/** One in JavaScript, or a careless one in TypeScript. */
class Rejects extends TokenObserver {
  // oxlint-disable-next-line typescript/no-misused-promises -- the mistake that this is about
  override async miss(): Promise<void> {
    throw new Error('no metrics today');
  }
}

describe('Observers', () => {
  let warned: jest.SpyInstance;
  beforeEach(() => (warned = jest.spyOn(process, 'emitWarning').mockImplementation()));
  afterEach(() => warned.mockRestore());

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

  it('are told nothing any more once they were removed', () => {
    const observers = new TokenObservers();
    const heard: string[] = [];
    const remove = observers.add(
      new (class extends TokenObserver {
        override miss = (integration: string): void => void heard.push(integration);
      })(),
    );
    observers.notify('miss', 'before');
    remove();
    observers.notify('miss', 'after');
    expect(heard).toEqual(['before']);
  });

  describe('of a piece of work', () => {
    const WORK = { details: ['billing'] as [string], outcomeOf: () => 'shared' as const };

    /** An observer of calls that tells what it hears, and may fail at one of the moments. */
    class Watcher extends TokenObserver {
      constructor(
        private readonly heard: unknown[],
        private readonly failsAt?: 'begin' | 'within' | 'ended',
      ) {
        super();
      }

      override getting(integration: string): ObservedWork<GetOutcome> {
        this.tell('begin', integration);
        return {
          headers: { traceparent: integration },
          within: (work) => {
            this.tell('within', '');
            work();
            work();
          },
          ended: (end) => this.tell('ended', end),
        };
      }

      private tell(moment: string, what: unknown): void {
        if (moment === this.failsAt) throw new Error('no traces today');
        this.heard.push([moment, what]);
      }
    }

    it.each([undefined, 'begin', 'within', 'ended'] as const)(
      'are told its begin and its end, and it is done once, although one of them fails at: %s',
      async (failsAt) => {
        const observers = new TokenObservers();
        const heard: unknown[] = [];
        observers.add(new Watcher([], failsAt));
        observers.add(new Watcher(heard));
        const work = jest.fn(async (headers: object) => headers);
        await expect(observers.during('getting', { ...WORK, work })).resolves.toEqual({ traceparent: 'billing' });
        expect(work).toHaveBeenCalledTimes(1);
        expect(heard).toEqual([
          ['begin', 'billing'],
          ['within', ''],
          ['ended', { outcome: 'shared' }],
        ]);
        const method = failsAt === 'begin' ? 'getting' : failsAt;
        const warning = expect.stringContaining(`${method}() of an observer failed: Error: no traces today`);
        expect(warned.mock.calls).toEqual(failsAt ? [[warning, 'TokenCacheWarning']] : []);
      },
    );

    it('have it done within what they open, and need not open anything', async () => {
      const observers = new TokenObservers();
      let isOpen = false;
      const within = (work: () => void): void => {
        isOpen = true;
        work();
        isOpen = false;
      };
      const opening = { getting: () => ({ within, ended: () => {} }) };
      const idle = { getting: () => ({ ended: () => {} }) };
      observers.add(opening as unknown as TokenObserver);
      observers.add(idle as unknown as TokenObserver);
      await expect(observers.during('getting', { ...WORK, work: async () => isOpen })).resolves.toBe(true);
      expect(warned).not.toHaveBeenCalled();
    });

    it('are told its error, which the caller gets', async () => {
      const observers = new TokenObservers();
      const heard: unknown[] = [];
      observers.add(new Watcher(heard));
      const error = new Error('no token');
      await expect(observers.during('getting', { ...WORK, work: () => Promise.reject(error) })).rejects.toBe(error);
      expect(heard.at(-1)).toEqual(['ended', { error }]);
    });
  });
});
