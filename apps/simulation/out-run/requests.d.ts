import { type TokenRequest } from '@mintonce/token-cache';
/** What callers ask for, in two ways that mean the same. */
export interface KnownRequest {
    readonly integration: string;
    readonly asked: TokenRequest | undefined;
    readonly askedOtherwise: TokenRequest | undefined;
    readonly label: string;
}
/** Each differs from another in a way that somebody's cache key once forgot. */
export declare const REQUESTS: readonly KnownRequest[];
