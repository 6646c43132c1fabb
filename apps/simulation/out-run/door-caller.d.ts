import { type Token, type Transport, type UpstreamStatus } from '@mintonce/token-cache';
/** What the upstream answered to one request. */
export type UpstreamAnswer = UpstreamStatus;
/** One request of a caller who leaves the rule of a refused token to the library. Its body can be sent again. */
export declare function transportOf(send: (token: Token) => Promise<UpstreamAnswer>): Transport<UpstreamAnswer>;
