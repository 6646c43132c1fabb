import { LineBudget } from './line-budget.js';
import { type Log } from './log.js';

/** A log for lines that anybody can cause who reaches a door. The first line after a flood says how many were left out. */
export class BudgetedLog {
  private readonly budget = new LineBudget();

  constructor(private readonly target: Log) {}

  write(level: 'info' | 'warn', fields: object, message: string): void {
    const { mayWrite, leftOut } = this.budget.take();
    if (!mayWrite) return;
    if (leftOut > 0) this.target.warn({ leftOut }, 'Lines were left out: more than a second may have');
    this.target[level](fields, message);
  }
}
