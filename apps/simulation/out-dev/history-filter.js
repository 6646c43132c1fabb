/** The lines that a reader asked for. What concerns no key or no process in particular may explain any of them, and stays. */
export function selectLines(entries, filter) {
    return entries.filter((entry) => isWanted(entry, filter)).map(lineOf);
}
function isWanted(entry, { keys, processes, fromMs = 0, toMs = Infinity }) {
    if (entry.at < fromMs || entry.at > toMs)
        return false;
    return (!keys || isAboutKeys(entry, keys)) && (!processes || isAboutProcesses(entry, processes));
}
function isAboutKeys({ label, integration }, wanted) {
    if (label !== undefined)
        return wanted.includes(label);
    return integration === undefined || wanted.some((other) => other.split(' ')[0] === integration);
}
function isAboutProcesses({ who, process = who }, wanted) {
    return wanted.includes(process) || !/^p\d+$/.test(process);
}
function lineOf({ at, who, label, integration, what }) {
    const about = label ?? (integration === undefined ? '' : `${integration} *`);
    return `${at.toFixed(1).padStart(10)} ms  ${who.padEnd(7)} ${about.padEnd(KEY_WIDTH)} ${what}`;
}
const KEY_WIDTH = 18;
//# sourceMappingURL=history-filter.js.map