import { FakeClock } from '../../testing/fake-clock.js';
import { after, isOver, isOverByWallAlone, leftMs, type Moment, momentOf, sleptMs } from './moment.js';

describe('A moment', () => {
  const start: Moment = { monotonicAt: 1_000, wallAt: 50_000 };
  const end = after(start, 600);
  const at = (monotonicMs: number, wallMs: number): Moment => ({
    monotonicAt: start.monotonicAt + monotonicMs,
    wallAt: start.wallAt + wallMs,
  });

  it('is the present on both clocks', async () => {
    const clock = new FakeClock(50_000);
    await clock.advance(250);
    expect(momentOf(clock)).toEqual({ monotonicAt: 250, wallAt: 50_250 });
  });

  it.each([
    ['that both clocks say', at(200, 200), 400],
    ['that the wall clock says, after the machine slept', at(200, 500), 100],
    ['that the monotonic clock says, after the wall clock was set back', at(200, -9_000), 400],
    ['past, when the machine slept over it', at(200, 9_000), -8_400],
  ])('leaves the time %s', (_what, now, left) => expect(leftMs(end, now)).toBe(left));

  it.each([
    ['neither clock has reached it', at(599, 599), false],
    ['the monotonic clock has reached it', at(600, 0), true],
    ['the wall clock has reached it', at(0, 600), true],
  ])('is over or not when %s', (_what, now, over) => expect(isOver(end, now)).toBe(over));

  it.each([
    ['both clocks are before it', at(599, 599), false],
    ['the machine slept over it', at(599, 600), true],
    ['both clocks have reached it', at(600, 600), false],
  ])('is over by the wall clock alone or not when %s', (_what, now, over) => {
    expect(isOverByWallAlone(end, now)).toBe(over);
  });

  it.each([
    ['nothing while both go on', at(300, 300), 0],
    ['the time that the machine slept', at(300, 5_300), 5_000],
    ['a negative time when the wall clock was set back', at(300, -700), -1_000],
  ])('tells that the clocks moved apart by %s', (_what, now, slept) => expect(sleptMs(start, now)).toBe(slept));
});
