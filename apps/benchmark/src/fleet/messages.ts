/** What a worker of a fleet is told. */
export type Order =
  | {
      readonly do: 'burst';
      readonly key: string;
      readonly callers: number;
      readonly mintMs: number;
      readonly fails: boolean;
    }
  | { readonly do: 'hits'; readonly key: string; readonly times: number };

/** An order to one contender. */
export type Command = Order & { readonly id: number; readonly by: string };

/** Instants are ms of the machine's monotonic clock, which all processes share. */
export interface Outcome {
  /** When each caller had its token, or heard an error. */
  readonly endedAt: readonly number[];
  readonly mints: readonly { readonly endedAt: number }[];
  readonly errors: number;
}

/** What a worker tells. */
export type Message =
  | { readonly type: 'ready' }
  | { readonly type: 'minting' }
  | { readonly type: 'done'; readonly id: number; readonly outcome: Outcome };

/** Ms of the clock that all processes of a machine share. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
