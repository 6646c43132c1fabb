import { FakeClock } from '../../testing/fake-clock.js';
import { OpenMints, type Release, type Turn } from './open-mints.js';

describe('OpenMints', () => {
  let clock: FakeClock;
  let mints: OpenMints;
  let entered: string[];

  beforeEach(() => {
    clock = new FakeClock();
    mints = new OpenMints(clock);
    entered = [];
  });

  const turn = (limit = 2): Turn => ({ limit, timeoutMs: 1_000, timeoutError: () => new Error('no turn') });

  /** Enters, and notes when it is in. */
  async function enter(who: string, lane = 'idp', limit?: number): Promise<Release> {
    const release = await mints.enter(lane, turn(limit));
    entered.push(who);
    return release;
  }

  it('lets as many in as the limit says, and the others in the order of their arrival', async () => {
    const [a, b] = await Promise.all([enter('a'), enter('b')]);
    const [c, d] = [enter('c'), enter('d')];
    await clock.advance(0);
    expect(entered).toEqual(['a', 'b']);
    b();
    await c;
    await clock.advance(0);
    expect(entered).toEqual(['a', 'b', 'c']);
    a();
    await d;
    expect(entered).toEqual(['a', 'b', 'c', 'd']);
  });

  it('counts those that are still in when one has left', async () => {
    const [a] = await Promise.all([enter('a'), enter('b')]);
    a();
    await enter('c');
    expect(mints.tryEnter('idp', 2)).toBeUndefined();
  });

  it('knows those that wait for a lower limit when nobody is in any more', async () => {
    const release = await enter('a', 'idp', 1);
    const nobody = enter('b', 'idp', 0).catch((error: Error) => error.message);
    release();
    mints.refuseAll(new Error('closed'));
    expect(await nobody).toBe('closed');
  });

  it('keeps nothing of a lane that everybody has left', async () => {
    const [a, b] = await Promise.all([enter('a'), enter('b')]);
    a();
    expect(mints['lanes'].size).toBe(1);
    b();
    expect(mints['lanes'].size).toBe(0);
  });

  it('keeps the lanes apart', async () => {
    await Promise.all([enter('a', 'one', 1), enter('b', 'two', 1)]);
    expect(entered).toEqual(['a', 'b']);
  });

  it('takes a place back once, however often it is given back', async () => {
    const release = await enter('a', 'idp', 1);
    const waiting = [enter('b', 'idp', 1), enter('c', 'idp', 1)];
    release();
    release();
    await waiting[0];
    await clock.advance(0);
    expect(entered).toEqual(['a', 'b']);
  });

  it('lets one that waits for a lower limit hold up nothing but itself', async () => {
    const release = await enter('a', 'idp', 1);
    const waiting = [enter('low', 'idp', 1), enter('high', 'idp', 5)];
    await clock.advance(0);
    expect(entered).toEqual(['a', 'high']);
    release();
    (await waiting[1])?.();
    await waiting[0];
    expect(entered).toEqual(['a', 'high', 'low']);
  });

  it('sends one away whose time is over, and goes on with the next', async () => {
    const release = await enter('a', 'idp', 1);
    const late = enter('late', 'idp', 1).catch((error: Error) => error.message);
    await clock.advance(999);
    const next = enter('next', 'idp', 1);
    await clock.advance(1);
    expect(await late).toBe('no turn');
    release();
    await next;
    expect(entered).toEqual(['a', 'next']);
  });

  it('does not send one away that was let in', async () => {
    const release = await enter('a', 'idp', 1);
    const next = enter('b', 'idp', 1);
    release();
    await next;
    await clock.advance(5_000);
    expect(entered).toEqual(['a', 'b']);
  });

  it('sends all that wait away', async () => {
    await Promise.all([enter('a', 'one', 1), enter('b', 'two', 1)]);
    const waiting = ['one', 'two'].map((lane) => enter('c', lane, 1).catch((error: Error) => error.message));
    mints.refuseAll(new Error('closed'));
    expect(await Promise.all(waiting)).toEqual(['closed', 'closed']);
  });
});
