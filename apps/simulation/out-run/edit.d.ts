/** In one file of a build, one text for another. White space counts as a separator only: a formatter may lay it out anew. */
export interface Edit {
    readonly file: string;
    readonly find: string;
    readonly replace: string;
}
/** Edits a file of a build in place. @throws Error when the text is not there exactly once */
export declare function applyEdit(directory: string, edit: Edit): void;
/** Why an edit cannot be made, and where its text went, if it did. */
export declare function misfitOf(directory: string, { file, find }: Edit): string | undefined;
