/** The command that lives through the same run again and prints its history; a shell takes it as it is. */
export function replayCommand({ seed, schedule, mutation, fault, faults, library }) {
    const flags = [
        ...flag('mutation', mutation),
        ...flag('schedule', schedule),
        ...flag('seed', seed?.toString()),
        ...flag('faults', faults),
        ...(fault ?? []).flatMap((name) => flag('fault', name)),
        ...flag('library', library),
    ];
    return ['npm run simulate --', ...flags].join(' ');
}
function flag(name, value) {
    return value === undefined ? [] : [`--${name} ${quoted(value)}`];
}
/** For a POSIX shell. */
function quoted(value) {
    return /^[\w./:-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
//# sourceMappingURL=replay-command.js.map