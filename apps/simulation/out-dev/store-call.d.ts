import { type TokenStore } from '@mintonce/token-cache';
export type StoreOperation = Exclude<keyof TokenStore, 'events' | 'close'>;
/** One call of the store, as it travels. */
export interface StoreCall {
    readonly operation: StoreOperation;
    readonly args: readonly unknown[];
    readonly process: string;
    readonly sentAt: number;
    readonly isSentTwice: boolean;
}
/** The key that a call is about; only `ping` has none. */
export declare function keyIdOf({ args }: Pick<StoreCall, 'args'>): string | undefined;
