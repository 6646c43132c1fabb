/** What a header carries as one word: any visible character, where RFC 6750 section 2.1 allows a token fewer than servers use. */
export const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
