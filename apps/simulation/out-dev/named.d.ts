/** What a person typed cannot be done; a stack would tell nothing. */
export declare class UsageError extends Error {
}
/** @throws UsageError that lists what there is */
export declare function named<Named extends {
    readonly name: string;
}>(list: readonly Named[], name: string, kind: string): Named;
