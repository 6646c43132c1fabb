/** Under PM2 every line also goes to its daemon: a flood of refused requests must not become a flood there. */
export const LINES_PER_SECOND = 100;
const WINDOW_MS = 1_000;

/** How many lines may be written. */
export class LineBudget {
  private windowAt = -Infinity;
  private used = 0;
  private leftOut = 0;

  /** @param now a monotonic clock, in ms */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Whether a line may be written now; if it may, how many were left out since one was told so. */
  take(): { readonly mayWrite: boolean; readonly leftOut: number } {
    const now = this.now();
    if (now - this.windowAt >= WINDOW_MS) {
      this.windowAt = now;
      this.used = 0;
    }
    if (this.used >= LINES_PER_SECOND) {
      this.leftOut++;
      return { mayWrite: false, leftOut: 0 };
    }
    this.used++;
    const { leftOut } = this;
    this.leftOut = 0;
    return { mayWrite: true, leftOut };
  }
}
