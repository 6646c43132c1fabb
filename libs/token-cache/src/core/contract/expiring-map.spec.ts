import { ExpiringMap } from './expiring-map.js';

describe('ExpiringMap', () => {
  let map: ExpiringMap<string>;

  beforeEach(() => (map = new ExpiringMap()));

  const fill = (count: number, prefix: string, until: number, now: number): void => {
    for (let i = 0; i < count; i++) map.set(`${prefix}${i}`, prefix, until, now);
  };

  it('gives what was set, and nothing for another key', () => {
    map.set('key', 'value', 10, 0);
    expect([map.get('key'), map.get('other')]).toEqual(['value', undefined]);
  });

  it('keeps every entry until its instant, however many there are', () => {
    fill(20_000, 'live', 11, 10);
    expect(map.size).toBe(20_000);
    expect(map.get('live0')).toBe('live');
  });

  it('drops what has ended as fast as new keys come in', () => {
    fill(1_000, 'old', 10, 0);
    fill(1_000, 'new', 100, 10);
    expect(map.size).toBeLessThanOrEqual(1_001);
    fill(1, 'last', 100, 10);
    expect([map.get('old0'), map.get('old999')]).toEqual([undefined, undefined]);
  });

  it('does not grow while each entry ends before the next thousand come in', () => {
    for (let now = 0; now < 20_000; now++) map.set(`key${now}`, 'value', now + 1_000, now);
    expect(map.size).toBeLessThan(3_000);
  });

  it('keeps an entry that was set again for as long as the last time says', () => {
    map.set('key', 'first', 10, 0);
    map.set('key', 'second', 100, 5);
    fill(10, 'more', 100, 50);
    expect(map.get('key')).toBe('second');
  });

  it('may give what has ended, which its user can tell', () => {
    map.set('key', 'value', 10, 0);
    expect(map.get('key')).toBe('value');
    expect(map.size).toBe(1);
  });

  it('says of a key that it deletes whether it was there', () => {
    map.set('key', 'value', 10, 0);
    expect([map.delete('key'), map.delete('key'), map.size]).toEqual([true, false, 0]);
  });
});
