import { FakeClock } from '../../testing/fake-clock.js';
import { type Boarding, type Flight, Flights } from './flights.js';

const KEY = 'key';
const TIMEOUT_MS = 1_000;

/** Work that ends when the test says so. */
class Work {
  readonly flights: Flight[] = [];
  private settle: { resolve(value: string): void; reject(error: Error): void }[] = [];

  readonly start = (flight: Flight): Promise<string> => {
    this.flights.push(flight);
    return new Promise((resolve, reject) => this.settle.push({ resolve, reject }));
  };

  end(value: string): void {
    for (const { resolve } of this.settle.splice(0)) resolve(value);
  }

  fail(error: Error): void {
    for (const { reject } of this.settle.splice(0)) reject(error);
  }
}

describe('Flights', () => {
  let clock: FakeClock;
  let flights: Flights<string>;
  let work: Work;

  beforeEach(() => {
    clock = new FakeClock();
    flights = new Flights(clock);
    work = new Work();
  });

  function join(keyId = KEY, boarding: Partial<Boarding> = {}) {
    const joined = flights.join(keyId, work.start, {
      signal: undefined,
      timeoutMs: TIMEOUT_MS,
      timeoutError: () => new Error('too long'),
      ...boarding,
    });
    joined.catch(() => {});
    return joined;
  }

  it('do the work of a key once for all who ask for it meanwhile, and tell who was first', async () => {
    const joined = [join(), join(), join()];
    await clock.advance(0);
    work.end('token');
    expect(await Promise.all(joined)).toEqual([
      { result: 'token', isFirst: true },
      { result: 'token', isFirst: false },
      { result: 'token', isFirst: false },
    ]);
    expect(work.flights).toHaveLength(1);
  });

  it('do the work of another key beside it', async () => {
    void join();
    void join('another');
    await clock.advance(0);
    expect(work.flights).toHaveLength(2);
  });

  it('do the work again for who comes after its end, and after its failure', async () => {
    const first = join();
    await clock.advance(0);
    work.fail(new Error('down'));
    await expect(first).rejects.toThrow('down');
    const second = join();
    await clock.advance(0);
    work.end('token');
    expect(await second).toEqual({ result: 'token', isFirst: true });
  });

  it('survive work that fails before it begins', async () => {
    const joined = flights.join(
      KEY,
      () => {
        throw new Error('odd');
      },
      { signal: undefined, timeoutMs: 1, timeoutError: Error },
    );
    await expect(joined).rejects.toThrow('odd');
  });

  it('let a caller leave by its signal, and the others go on', async () => {
    const leaving = new AbortController();
    const [left, stays] = [join(KEY, { signal: leaving.signal }), join()];
    await clock.advance(0);
    leaving.abort(new Error('client gone'));
    await expect(left).rejects.toThrow('client gone');
    work.end('token');
    expect((await stays).result).toBe('token');
  });

  it('let a caller leave at its deadline, and not before', async () => {
    let outcome: unknown;
    void join().catch((error) => (outcome = error));
    await clock.advance(TIMEOUT_MS - 1);
    expect(outcome).toBeUndefined();
    await clock.advance(1);
    expect(outcome).toEqual(new Error('too long'));
  });

  it('count a caller once who was too late and then gives up as well', async () => {
    const leaving = new AbortController();
    void join(KEY, { signal: leaving.signal });
    void join(KEY, { timeoutMs: 2 * TIMEOUT_MS });
    await clock.advance(TIMEOUT_MS);
    leaving.abort();
    expect(work.flights[0]?.closeIfEmpty()).toBe(false);
  });

  it('tell the work when the last caller has left, and only then', async () => {
    const [one, two] = [new AbortController(), new AbortController()];
    void join(KEY, { signal: one.signal });
    void join(KEY, { signal: two.signal });
    await clock.advance(0);
    const [flight] = work.flights as [Flight];
    flight.onEmpty = jest.fn();
    one.abort();
    expect(flight.onEmpty).not.toHaveBeenCalled();
    expect(flight.closeIfEmpty()).toBe(false);
    two.abort();
    expect(flight.onEmpty).toHaveBeenCalledTimes(1);
  });

  it('let nobody join work that nobody waited for any more', async () => {
    const leaving = new AbortController();
    void join(KEY, { signal: leaving.signal });
    await clock.advance(0);
    leaving.abort();
    expect(work.flights[0]?.closeIfEmpty()).toBe(true);
    void join();
    await clock.advance(0);
    expect(work.flights).toHaveLength(2);
  });

  it('let nobody join work that is closed, and give its answer to those who had joined', async () => {
    const aboard = join();
    await clock.advance(0);
    work.flights[0]?.close();
    const early = work;
    work = new Work();
    const late = join();
    await clock.advance(0);
    early.end('early');
    work.end('late');
    expect([await aboard, await late]).toEqual([
      { result: 'early', isFirst: true },
      { result: 'late', isFirst: true },
    ]);
  });

  it('keep the later work when the earlier one ends that was given up', async () => {
    const leaving = new AbortController();
    void join(KEY, { signal: leaving.signal });
    await clock.advance(0);
    leaving.abort();
    work.flights[0]?.closeIfEmpty();
    const given = work;
    work = new Work();
    void join();
    await clock.advance(0);
    given.end('late');
    await clock.advance(0);
    void join();
    await clock.advance(0);
    expect(work.flights).toHaveLength(1);
  });

  it('forget the timer and the signal of a caller who was answered', async () => {
    const { signal } = new AbortController();
    const forget = jest.spyOn(signal, 'removeEventListener');
    const cancel = jest.fn();
    jest.spyOn(clock, 'after').mockReturnValue(cancel);
    const joined = join(KEY, { signal });
    await clock.advance(0);
    work.end('token');
    await joined;
    expect(cancel).toHaveBeenCalledTimes(1);
    expect(forget).toHaveBeenCalledTimes(1);
  });

  it('are settled when all have landed, those included that began meanwhile', async () => {
    let isSettled = false;
    void join();
    void flights.settled().then(() => (isSettled = true));
    await clock.advance(0);
    void join('another');
    work.end('token');
    await clock.advance(0);
    expect(isSettled).toBe(false);
    work.end('token');
    await clock.advance(0);
    expect(isSettled).toBe(true);
  });
});
