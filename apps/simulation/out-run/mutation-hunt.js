import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expectToFit, makeMutant } from './mutant.js';
import { replayCommand } from './replay-command.js';
const AT_ONCE = 2;
const MOST_MS = 300_000;
const run = promisify(execFile);
/** Hunts each defect in a process of its own: a mutant may well hang. */
export async function huntMutations(mutations, seeds) {
    expectToFit(mutations);
    const hunts = [];
    const left = mutations.map((mutation, index) => ({ mutation, index }));
    const work = async () => {
        for (let next = left.shift(); next; next = left.shift())
            hunts[next.index] = await hunt(next.mutation, seeds);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return hunts;
}
async function hunt(mutation, seeds) {
    const { name, faults: fault = [] } = mutation;
    const mutant = makeMutant(mutation);
    const only = fault.flatMap((one) => ['--fault', one]);
    try {
        const options = ['--library', mutant.directory, '--seeds', String(seeds), ...only, '--stop', '--json'];
        const campaign = await campaignOf(options);
        if (typeof campaign === 'string')
            return { name, isFound: false, diedOf: campaign };
        const [broken] = campaign.broken;
        if (!broken)
            return { name, isFound: false };
        const { seed, breach, crash } = broken;
        const replay = replayCommand({ mutation: name, seed, fault });
        return { name, isFound: crash === undefined, seed, ...breach, ...(crash && { diedOf: crash }), replay };
    }
    finally {
        mutant.remove();
    }
}
/** A campaign in a process of its own, or what that process died of. */
export async function campaignOf(options) {
    const main = fileURLToPath(new URL('./main.js', import.meta.url));
    const child = run(process.execPath, [main, ...options], { timeout: MOST_MS, maxBuffer: 2 ** 26 });
    try {
        return JSON.parse((await child).stdout);
    }
    catch (error) {
        // A campaign that found something exits with 1, and says what all the same.
        const { stdout, stderr, killed } = error;
        if (killed)
            return `it was still running after ${MOST_MS / 1_000} s`;
        return stdout ? JSON.parse(stdout) : lastErrorOf(stderr ?? String(error));
    }
}
function lastErrorOf(stderr) {
    const lines = stderr.split('\n').map((line) => line.trim());
    return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? 'an unknown cause';
}
//# sourceMappingURL=mutation-hunt.js.map