import { type StoreOperation } from '@mintonce/token-cache';

export { type StoreOperation };

/** One call of the store, as it travels. */
export interface StoreCall {
  readonly operation: StoreOperation;
  readonly args: readonly unknown[];
  readonly process: string;
  readonly sentAt: number;
  readonly isSentTwice: boolean;
}

/** The key that a call is about; only `ping` has none. */
export function keyIdOf({ args }: Pick<StoreCall, 'args'>): string | undefined {
  return args[0] as string | undefined;
}

/** Whether a purge arrives after its caller has given it up. */
export function isGivenUp({ operation, args, sentAt }: StoreCall, now: number): boolean {
  const [, withinMs] = args as [string, number?];
  return operation === 'purge' && withinMs !== undefined && now > sentAt + withinMs;
}
