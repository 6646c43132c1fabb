import { type Redis } from 'ioredis';

export interface SlotMove {
  readonly slot: number;
  readonly from: { readonly admin: Redis; readonly id: string };
  readonly to: { readonly admin: Redis; readonly id: string; readonly port: number };
  /** The masters, who are told in the end. */
  readonly masters: readonly Redis[];
}

/** A slot on its way from one master to another, as `redis-cli --cluster reshard` does it, a step at a time. */
export class SlotMigration {
  private constructor(private readonly move: SlotMove) {}

  /** From now on clients are sent after the keys that have moved. */
  static async start(move: SlotMove): Promise<SlotMigration> {
    const { slot, from, to } = move;
    await to.admin.call('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', from.id);
    await from.admin.call('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', to.id);
    return new SlotMigration(move);
  }

  /** Those that have not moved yet. */
  async keys(): Promise<string[]> {
    const { slot, from } = this.move;
    return (await from.admin.call('CLUSTER', 'GETKEYSINSLOT', String(slot), '1000')) as string[];
  }

  async moveKeys(...keys: string[]): Promise<void> {
    const { from, to } = this.move;
    await from.admin.call('MIGRATE', '127.0.0.1', String(to.port), '', '0', '2000', 'REPLACE', 'KEYS', ...keys);
  }

  /** Moves what is left, and lets everybody know the new owner. */
  async finish(): Promise<void> {
    const { slot, from, to, masters } = this.move;
    for (let left = await this.keys(); left.length > 0; left = await this.keys()) await this.moveKeys(...left);
    // The new owner first: a slot without an owner would be served by nobody.
    for (const admin of [to.admin, from.admin, ...masters.filter((one) => one !== to.admin && one !== from.admin)]) {
      await admin.call('CLUSTER', 'SETSLOT', String(slot), 'NODE', to.id);
    }
  }
}
