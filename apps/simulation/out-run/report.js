export function reportOf({ broken, ...campaign }) {
    const { runs, seconds, simulatedHours, processes, mints, bound, answers, errors, faults } = campaign;
    return [
        ...broken.map(reportOfBroken),
        `${runs} runs in ${seconds.toFixed(0)} s (${(runs / seconds).toFixed(1)} a second), ${simulatedHours.toFixed(0)} simulated hours, ${processes} processes`,
        `${mints} mints, at most ${bound} allowed; ${answers} callers were given a token`,
        `callers heard ${listOf(errors) || 'no error'}`,
        `runs with each fault: ${listOf(faults)}`,
        broken.length === 0 ? 'Every promise held.' : `${broken.length} runs broke a promise.`,
    ].join('\n');
}
export function reportOfRun({ name, faults, breach, crash, history }) {
    return [
        ...history,
        `${name}, faults: ${faults.join(', ') || 'none'}`,
        ...crashLines(crash),
        breach ? `BROKEN: ${breach.invariant}: ${breach.detail}` : 'Every promise held.',
    ].join('\n');
}
export function reportOfSchedules(played) {
    const lines = played.map(({ name, breach, replay }) => breach ? `BROKEN ${name}: ${breach.invariant}: ${breach.detail}\nReplay it with: ${replay}` : `held   ${name}`);
    return lines.join('\n');
}
/** A table in Markdown. */
export function reportOfHunts(hunts) {
    const rows = hunts.map(({ name, isFound, seed, invariant, diedOf }) => isFound
        ? `| ${name} | ${seed} | ${invariant} |`
        : `| ${name} | NOT FOUND | ${diedOf === undefined ? '' : `it died of ${diedOf}`} |`);
    const replays = hunts.flatMap(({ name, replay }) => (replay === undefined ? [] : [`${name}: ${replay}`]));
    return [
        '| defect | seed | promise that it breaks |',
        '|---|---|---|',
        ...rows,
        '',
        'Replay them with:',
        ...replays,
    ].join('\n');
}
function reportOfBroken({ seed, faults, breach, crash, last, replay }) {
    return [
        `Seed ${seed} broke "${breach.invariant}": ${breach.detail}`,
        `Faults: ${faults.join(', ') || 'none'}`,
        ...crashLines(crash),
        ...last,
        `Replay it with: ${replay}`,
        '',
    ].join('\n');
}
function crashLines(crash) {
    return crash === undefined ? [] : [`The library made a mistake: ${crash}`];
}
function listOf(counts) {
    return Object.entries(counts)
        .sort(([, one], [, other]) => other - one)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ');
}
//# sourceMappingURL=report.js.map