/** The key that a call is about; only `ping` has none. */
export function keyIdOf({ args }) {
    return args[0];
}
//# sourceMappingURL=store-call.js.map