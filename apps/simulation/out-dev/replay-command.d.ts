/** All that decides what a run is like. */
export interface Replay {
    readonly seed?: number | undefined;
    readonly schedule?: string | undefined;
    readonly mutation?: string | undefined;
    readonly fault?: readonly string[] | undefined;
    readonly faults?: string | undefined;
    /** Another build than the one in the workspace. */
    readonly library?: string | undefined;
}
/** The command that lives through the same run again and prints its history; a shell takes it as it is. */
export declare function replayCommand({ seed, schedule, mutation, fault, faults, library }: Replay): string;
