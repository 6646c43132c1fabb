import { type Costs } from './costs.js';
import {
  calmLoad,
  connectionsPerServer,
  eventMs,
  firstRefreshLoad,
  mostEventsPerS,
  mostLookUpsPerS,
  reconnectionS,
  serverBytes,
  withoutEvents,
} from './load.js';
import { CLUSTER, PLANNED, type Shape } from './shape.js';

/** Round numbers, of no machine. */
const COSTS: Costs = {
  hitUs: 10,
  mintUs: 30,
  publishUs: 10,
  deliveryUs: 5,
  relayUs: 1,
  relayedUs: 2,
  pingUs: 10,
  hearUs: 10,
  keyBytes: 2_000,
  connectionBytes: 30_000,
  inHandBytes: 3_000,
  connectionsToThree: 4,
};
const ONE: Shape = PLANNED;
const MANY: Shape = { ...PLANNED, masters: CLUSTER };

describe('The load that a fleet is planned with', () => {
  it('has a mint for each key in the time from a mint to the refresh, and two look-ups of each other holder', () => {
    const { mintsPerS, scriptsPerS } = calmLoad(ONE, COSTS);
    expect(mintsPerS).toBeCloseTo(1_000_000 / 3_413.5);
    expect(scriptsPerS).toBeCloseTo(mintsPerS * (2 + 9 * 2));
  });

  it('keeps Redis busy by mints, look-ups and PINGs', () => {
    const { mintsPerS, pingsPerS, busy } = calmLoad(ONE, COSTS);
    expect(pingsPerS).toBe(10_000 / 5 + 10_000 / 2);
    expect(busy).toBeCloseTo((mintsPerS * (30 + 18 * 10) + pingsPerS * 10) / 1e6);
  });

  it('is shared by the masters of a cluster, but for the PINGs, of which each gets its own', () => {
    const { mintsPerS, pingsPerS, busy } = calmLoad(MANY, COSTS);
    expect(pingsPerS).toBe(10_000 / 5 + (16 * 10_000) / 2);
    expect(busy).toBeCloseTo((mintsPerS * (30 + 18 * 10) + pingsPerS * 10) / 1e6 / 16);
  });

  it('has all refreshes within the spread of the window, after all tokens were minted at once', () => {
    expect(firstRefreshLoad(ONE, COSTS).mintsPerS).toBeCloseTo(1_000_000 / 287);
  });

  it('has no more holders than there are, nor fewer than one', () => {
    const alone = calmLoad({ ...ONE, keysInHand: 1 }, COSTS);
    expect(alone.mintsPerS).toBeCloseTo(10_000 / 3_413.5);
    expect(alone.scriptsPerS).toBeCloseTo(alone.mintsPerS * 2);
  });

  it.each([
    ['one Redis, which delivers to all processes', ONE, 50.01],
    ['a cluster, whose masters deliver to a sixteenth each', MANY, 0.01 + 0.015 + 3.125],
  ])('is taken up by an event for as long as it takes %s', (_, shape, ms) => {
    expect(eventMs(shape, COSTS)).toBeCloseTo(ms);
  });

  it('saturates one Redis with as many events as fit into a second', () => {
    expect(mostEventsPerS(ONE, COSTS) * eventMs(ONE, COSTS)).toBeCloseTo(1_000);
  });

  it('saturates a cluster when each master publishes its part, and is passed those of the others', () => {
    expect(mostEventsPerS(MANY, COSTS)).toBeCloseTo(1e6 / (10 / 16 + (15 / 16) * 1 + (15 / 16) * 2 + 625 * 5), 0);
  });

  it.each([
    ['one Redis', ONE, 100],
    ['a cluster', MANY, 100 / 16],
  ])('has each holder look up all that it has in hand when events are back, on %s', (_, shape, seconds) => {
    expect(reconnectionS(shape, COSTS)).toBeCloseTo(seconds);
    expect(withoutEvents(shape, COSTS)).toBeCloseTo(seconds / 5);
  });

  it('leaves a process so many look-ups of keys that it does not have in hand', () => {
    expect(mostLookUpsPerS(ONE, COSTS)).toBeCloseTo(10);
    expect(mostLookUpsPerS(MANY, COSTS)).toBeCloseTo(160);
  });

  it('has connections of all clients to each server, and events on one of them', () => {
    expect(connectionsPerServer(ONE)).toBe(20_000);
    expect(connectionsPerServer(MANY)).toBe(10_000 + 625);
  });

  it('takes memory for keys and connections', () => {
    expect(serverBytes(ONE, COSTS)).toBe(2_000 * 1e6 + 20_000 * 30_000);
    expect(serverBytes(MANY, COSTS)).toBe((2_000 * 1e6) / 16 + 10_625 * 30_000);
  });
});
