import { Counter, Gauge, Registry } from 'prom-client';
import { type Family } from './family.js';
import { Recorder } from './recorder.js';

const valueOf = (families: Family[] | undefined) => families?.find(({ name }) => name === 'x')?.values[0]?.value;

function setUp(save: (families: Family[]) => Promise<void> = async () => undefined) {
  const registry = new Registry();
  const counter = new Counter({ name: 'x', help: 'h', registers: [registry] });
  return { registry, counter, recorder: new Recorder(registry, save) };
}

describe('Recorder', () => {
  it('saves the counters that it returns, and no gauges', async () => {
    const save = jest.fn().mockResolvedValue(undefined);
    const { registry, counter, recorder } = setUp(save);
    new Gauge({ name: 'y', help: 'h', registers: [registry] });
    counter.inc(3);
    expect((await recorder.current()).map(({ name }) => name)).toEqual(['y', 'x']);
    expect(save.mock.calls.map(([families]) => (families as Family[]).map(({ name }) => name))).toEqual([['x']]);
  });

  it('returns exactly the values that it has saved', async () => {
    const counts = { saved: 0 };
    const { counter, recorder } = setUp(async (families) => {
      counter.inc();
      counts.saved = valueOf(families)!;
    });
    expect(valueOf(await recorder.current())).toBe(counts.saved);
  });

  it('takes one snapshot at a time, and gives all calls that arrive meanwhile the next one', async () => {
    const saved: (number | undefined)[] = [];
    const finish: (() => void)[] = [];
    const { counter, recorder } = setUp((families) => {
      saved.push(valueOf(families));
      return new Promise((resolve) => finish.push(resolve));
    });
    const first = recorder.record();
    while (finish.length < 1) await Promise.resolve();
    counter.inc();
    const later = [recorder.record(), recorder.record(), recorder.record()];
    expect(saved).toEqual([0]);
    finish[0]!();
    while (finish.length < 2) await new Promise(setImmediate);
    finish[1]!();
    expect((await Promise.all([first, ...later])).map(valueOf)).toEqual([0, 1, 1, 1]);
    expect(saved).toEqual([0, 1]);
  });

  it('takes a new snapshot after one that could not be saved', async () => {
    const save = jest.fn().mockRejectedValueOnce(new Error('full')).mockResolvedValue(undefined);
    const { recorder } = setUp(save);
    await expect(recorder.record()).rejects.toThrow('full');
    expect(valueOf(await recorder.record())).toBe(0);
  });

  it('saves counters while the collect() of a gauge hangs', async () => {
    const { registry, recorder } = setUp();
    new Gauge({ name: 'y', help: 'h', registers: [registry], collect: () => new Promise<void>(() => undefined) });
    void recorder.current();
    expect(valueOf(await recorder.record())).toBe(0);
  });
});
