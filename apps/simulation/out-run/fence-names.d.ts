/** Names a fence for a reader: a fence is a server's clock in microseconds. */
export type NameFence = (fence: number) => string;
/** The fences of each request in the order in which a reader meets them: #1, #2 and so on. */
export declare class FenceNames {
    private readonly known;
    /** @param label of the request, or anything else that tells keys apart */
    of(label: string): NameFence;
}
