/** What a person typed cannot be done; a stack would tell nothing. */
export class UsageError extends Error {
}
/** @throws UsageError that lists what there is */
export function named(list, name, kind) {
    const found = list.find((one) => one.name === name);
    if (found)
        return found;
    throw new UsageError(`There is no ${kind} "${name}", only:\n${list.map((one) => `  ${one.name}`).join('\n')}`);
}
//# sourceMappingURL=named.js.map