import { LineBudget, LINES_PER_SECOND } from './line-budget.js';

describe('The budget of audit lines', () => {
  it('allows a hundred lines a second, and tells with the next one how many were left out', () => {
    let now = 0;
    const budget = new LineBudget(() => now);
    const taken = Array.from({ length: 3 * LINES_PER_SECOND }, () => budget.take());

    expect(taken.filter(({ mayWrite }) => mayWrite)).toHaveLength(100);
    now = 999;
    expect(budget.take()).toEqual({ mayWrite: false, leftOut: 0 });
    now = 1_000;
    expect(budget.take()).toEqual({ mayWrite: true, leftOut: 201 });
    expect(budget.take()).toEqual({ mayWrite: true, leftOut: 0 });
  });
});
