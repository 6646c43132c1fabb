/** An error that the user can mend; its message is shown without a stack. */
export class StartError extends Error {}
