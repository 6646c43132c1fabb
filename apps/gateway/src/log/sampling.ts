/** Chooses a share of the successful requests. */
export class Sampling {
  /**
   * @param share from 0 to 1
   * @param random a number from 0 to below 1
   */
  constructor(
    readonly share: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** Whether this one is chosen. */
  take(): boolean {
    return this.share >= 1 || this.random() < this.share;
  }
}
