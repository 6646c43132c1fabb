import { selectLines } from './history-filter.js';
import { replayCommand } from './replay-command.js';
import { simulate } from './simulate.js';
const LAST_LINES = 25;
/** Runs seed after seed. */
export async function campaign(library, options) {
    const beganAt = performance.now();
    const total = { runs: 0, simulatedHours: 0, processes: 0, mints: 0, bound: 0, answers: 0 };
    const errors = {};
    const faults = {};
    const broken = [];
    for (let seed = options.from; seed < options.from + options.seeds; seed++) {
        const outcome = await simulate(seed, library, options);
        total.runs++;
        total.simulatedHours += outcome.simulatedMs / 3_600_000;
        for (const field of ['processes', 'mints', 'bound', 'answers'])
            total[field] += outcome[field];
        for (const [code, count] of Object.entries(outcome.errors))
            errors[code] = (errors[code] ?? 0) + count;
        for (const name of outcome.faults.length > 0 ? outcome.faults : ['none'])
            faults[name] = (faults[name] ?? 0) + 1;
        options.onRun?.(outcome);
        if (!outcome.breach)
            continue;
        broken.push(await lookCloser(seed, outcome.breach, library, options));
        if (options.stopAtFirst)
            break;
    }
    return {
        ...total,
        seconds: (performance.now() - beganAt) / 1_000,
        errors,
        faults,
        broken,
    };
}
/** Lives through a broken run again, this time with its history. */
async function lookCloser(seed, breach, library, { only, mixture, library: directory }) {
    const { faults, crash, history } = await simulate(seed, library, { only, mixture, isTold: true });
    const last = selectLines(history.slice(-LAST_LINES), {});
    const replay = replayCommand({ seed, fault: only, faults: mixture, library: directory });
    return { seed, faults, breach, ...(crash !== undefined && { crash }), last, replay };
}
//# sourceMappingURL=campaign.js.map