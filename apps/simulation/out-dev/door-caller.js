/** One request of a caller who leaves the rule of a refused token to the library. Its body can be sent again. */
export function transportOf(send) {
    return { send, statusOf: (answer) => answer, canSendAgain: () => true, discard: () => { } };
}
//# sourceMappingURL=door-caller.js.map