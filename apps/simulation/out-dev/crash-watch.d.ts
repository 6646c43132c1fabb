/**
 * Notes mistakes of the program under test, even those that it catches itself: a defect that is found because a method is
 * missing proves nothing about the promises. Every promise is looked at, which is too slow for a campaign.
 */
export declare class CrashWatch {
    /** The first mistake, and where it was made. */
    crash?: string;
    private settled;
    private readonly unhook;
    constructor();
    /** Looks at what settled since the last look. */
    look(): void;
    close(): void;
}
