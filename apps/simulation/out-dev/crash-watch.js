import { inspect } from 'node:util';
import { promiseHooks } from 'node:v8';
/** A promise rejected with what only a mistake in a program throws, as `inspect` prints it. */
const MISTAKE = /^Promise \{\s*<rejected> (?=TypeError|ReferenceError|RangeError)/;
const FRAMES = 3;
/**
 * Notes mistakes of the program under test, even those that it catches itself: a defect that is found because a method is
 * missing proves nothing about the promises. Every promise is looked at, which is too slow for a campaign.
 */
export class CrashWatch {
    /** The first mistake, and where it was made. */
    crash;
    settled = [];
    unhook;
    constructor() {
        // A promise still looks pending while its hook runs.
        this.unhook = promiseHooks.onSettled((promise) => void this.settled.push(promise));
    }
    /** Looks at what settled since the last look. */
    look() {
        for (const promise of this.settled) {
            const seen = inspect(promise, { depth: 0 });
            if (MISTAKE.test(seen))
                this.crash ??= inShort(seen.replace(MISTAKE, ''));
        }
        this.settled = [];
    }
    close() {
        this.unhook();
        this.look();
    }
}
function inShort(stack) {
    const lines = stack.split('\n').slice(0, FRAMES);
    return lines.map((line) => line.trim()).join(' ');
}
//# sourceMappingURL=crash-watch.js.map