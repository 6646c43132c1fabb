/** Choices that a seed repeats (the generator is T. Ettinger's mulberry32). */
export class Chance {
  constructor(private state: number) {}

  /** From 0 to below 1. */
  readonly random = (): number => {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  /** Another generator, so that one part of a run can change without the dice of the others. */
  fork(): Chance {
    return new Chance(Math.floor(this.random() * 2 ** 32));
  }

  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  between(least: number, most: number): number {
    return least + this.random() * (most - least);
  }

  /** Mostly short, sometimes many times the mean: the times between unrelated events. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.random());
  }

  happens(probability: number): boolean {
    return this.random() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)] as T;
  }

  /** So many different ones, in random order. */
  sample<T>(list: readonly T[], count = list.length): T[] {
    const left = [...list];
    return Array.from(
      { length: Math.min(count, left.length) },
      () => left.splice(this.whole(0, left.length - 1), 1)[0] as T,
    );
  }
}
