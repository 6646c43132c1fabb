/** What happened in a run, line by line. */
export class History {
  private readonly lines: string[] = [];

  constructor(private readonly clock: { readonly now: number }) {}

  say(who: string, what: string): void {
    this.lines.push(`${this.clock.now.toFixed(1).padStart(10)} ms  ${who.padEnd(8)} ${what}`);
  }

  /** The last lines, or all. */
  tail(count = this.lines.length): readonly string[] {
    return this.lines.slice(-count);
  }
}
