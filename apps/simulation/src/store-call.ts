import { parseKeyId, type StoreOperation } from '@mintonce/token-cache';

export { type StoreOperation };

/** One call of the store, as it travels. */
export interface StoreCall {
  readonly operation: StoreOperation;
  readonly args: readonly unknown[];
  readonly process: string;
  readonly sentAt: number;
  readonly isSentTwice: boolean;
}

/** The key that a call is about; `ping` and the purge of a group have none. */
export function keyIdOf({ operation, args }: Pick<StoreCall, 'operation' | 'args'>): string | undefined {
  return operation === 'ping' || operation === 'purgeGroup' ? undefined : parseKeyId(args[0] as string).id;
}

/** The group whose keys a call purges, if it does. */
export function purgedGroupOf({ operation, args }: Pick<StoreCall, 'operation' | 'args'>): string | undefined {
  return operation === 'purgeGroup' ? (args[0] as string) : undefined;
}

/** Whether a purge arrives after its caller has given it up. */
export function isGivenUp({ operation, args, sentAt }: StoreCall, now: number): boolean {
  const [, withinMs] = args as [string, number?];
  const isPurge = operation === 'purge' || operation === 'purgeGroup';
  return isPurge && withinMs !== undefined && now > sentAt + withinMs;
}
