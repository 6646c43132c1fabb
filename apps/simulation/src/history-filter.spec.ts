import { type Entry } from './history.js';
import { type HistoryFilter, selectLines } from './history-filter.js';

const ENTRIES: readonly Entry[] = [
  { at: 10, who: 'p1', what: 'asks', label: 'billing tenant=one' },
  { at: 20, who: 'store', what: 'p2 acquire', label: 'crm', process: 'p2' },
  { at: 30, who: 'p1', what: 'hit', integration: 'billing' },
  { at: 40, who: 'p2', what: 'is paused' },
  { at: 50, who: 'store', what: 'is silent' },
];

describe('A history', () => {
  it('is printed whole when nothing is asked for in particular', () => {
    expect(selectLines(ENTRIES, {})).toHaveLength(ENTRIES.length);
  });

  it('begins each line with its time, its author and its request', () => {
    expect(selectLines(ENTRIES, { toMs: 10 })).toEqual(['      10.0 ms  p1      billing tenant=one asks']);
  });

  it.each<[string, HistoryFilter, number[]]>([
    ['of a request, with what its integration and its world did', { keys: ['crm'] }, [20, 40, 50]],
    ['of a tenant', { keys: ['billing tenant=one'] }, [10, 30, 40, 50]],
    ['of a process, whoever speaks of it', { processes: ['p2'] }, [20, 40, 50]],
    ['of a time', { fromMs: 30, toMs: 40 }, [30, 40]],
  ])('tells on request only %s', (_what, filter, instants) => {
    expect(selectLines(ENTRIES, filter).map((line) => parseFloat(line))).toEqual(instants);
  });
});
