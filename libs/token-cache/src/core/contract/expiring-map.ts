/** Entries that each write looks at, so that what ended is dropped as fast as keys come in. */
const SWEPT_PER_WRITE = 2;

/** A map whose entries are kept until an instant of their own, however many there are. Instants are ms of the caller's clock. */
export class ExpiringMap<Value> {
  private readonly entries = new Map<string, { readonly value: Value; readonly until: number }>();
  private sweep = this.entries.entries();

  get size(): number {
    return this.entries.size;
  }

  /** The value, which may have ended. */
  get(key: string): Value | undefined {
    return this.entries.get(key)?.value;
  }

  /** Each key with its value, those that have ended included. */
  *all(): Generator<readonly [key: string, value: Value]> {
    for (const [key, { value }] of this.entries) yield [key, value];
  }

  set(key: string, value: Value, until: number, now: number): void {
    this.entries.set(key, { value, until });
    for (let swept = 0; swept < SWEPT_PER_WRITE; swept++) this.dropNextIfEnded(now);
  }

  delete(key: string): boolean {
    return this.entries.delete(key);
  }

  private dropNextIfEnded(now: number): void {
    const { done, value } = this.sweep.next();
    if (done) this.sweep = this.entries.entries();
    else if (value[1].until <= now) this.entries.delete(value[0]);
  }
}
