import { type TokenStoreEvent } from '@mintonce/token-cache';
import { type NameFence } from './fence-names.js';
import { type StoreCall } from './store-call.js';
/** A call of the store, in a few words. */
export declare function callInWords({ operation, args }: StoreCall, nameOf: NameFence): string;
/** What the store answered, in a few words. */
export declare function answerInWords({ operation }: StoreCall, answer: unknown, nameOf: NameFence): string;
export declare function eventInWords({ type, fence }: TokenStoreEvent, nameOf: NameFence): string;
/** What an observer of the library was told: a decision of the process. */
export declare function decisionInWords(name: string, details: readonly unknown[]): string;
