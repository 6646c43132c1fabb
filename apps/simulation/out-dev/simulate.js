import { Logger } from '@nestjs/common';
import { Chance } from './chance.js';
import { CrashWatch } from './crash-watch.js';
import { weatherOf } from './weather.js';
import { World } from './world.js';
/** Longer than any cool-down, breaker or wait that the trouble may leave behind. */
const SETTLE_MS = 45_000;
const LAST_CALLERS_MS = 16_000;
const WIND_DOWN_MS = 12_000;
/** No run needs more; a mutant may. */
const MOST_EVENTS = 400_000;
/** Store calls of one process in one second: beyond this it is in a loop. */
const MOST_CALLS_PER_SECOND = 400;
/** Lets a fleet live through the run of that seed, up to the first promise that breaks. */
export async function simulate(seed, library, { script, isTold = false, ...choice } = {}) {
    const chance = new Chance(seed);
    const weather = { ...weatherOf(chance, script ? { only: [] } : choice), ...script?.weather };
    const world = new World(weather, library, chance.fork(), isTold);
    const crashes = isTold ? new CrashWatch() : undefined;
    const uninstall = world.time.install();
    const stopListening = listenForAccidents(world);
    try {
        await world.learnKeys();
        for (let count = 0; count < weather.processes; count++)
            world.start();
        if (script)
            script.play(world);
        else
            beginTraffic(world, chance.fork());
        for (const fault of weather.faults)
            beginFault(world, fault, chance.fork());
        await live(world, crashes);
    }
    finally {
        crashes?.close();
        stopListening();
        uninstall();
    }
    const problem = script?.check(world);
    world.verdict.expect(problem === undefined, 'a schedule ends as it must', () => String(problem));
    return outcomeOf(seed, world, crashes?.crash);
}
async function live(world, crashes) {
    const { time, verdict, weather } = world;
    const over = () => {
        crashes?.look();
        verdict.expect(time.events < MOST_EVENTS, 'nothing runs in a hot loop', () => `${time.events} events`);
        return verdict.breach !== undefined;
    };
    watchForLoops(world);
    await time.run(weather.troubleMs, over);
    if (!over())
        world.heal();
    await time.run(weather.troubleMs + SETTLE_MS, over);
    if (!over())
        askEverybody(world);
    await time.run(time.now + LAST_CALLERS_MS, over);
    if (over())
        return;
    for (const process of [...world.processes])
        world.shutDown(process);
    await time.run(time.now + WIND_DOWN_MS, over);
    if (over())
        return;
    for (const { isClosed, host, isClosing, name } of world.everyone) {
        const hangs = isClosing && !isClosed && !host.isDead;
        verdict.expect(!hangs, 'a shutdown ends in time and leaves nothing behind', () => `${name} never ends`);
    }
    world.mints.closing();
}
/** Callers come to every process, now one by one and now all at once. */
function beginTraffic(world, chance) {
    const { time, weather, requests } = world;
    const next = () => {
        if (time.now > weather.troubleMs + SETTLE_MS)
            return;
        const meanMs = weather.callEveryMs / Math.max(1, world.processes.length);
        time.after(chance.exponential(meanMs), time.world, () => {
            next();
            const request = chance.pick(requests);
            if (!chance.happens(0.08))
                return world.processes.length > 0 && world.ask(chance.pick(world.processes), request);
            for (const process of world.processes)
                for (let count = 0; count < 3; count++)
                    world.ask(process, request);
        });
    };
    next();
}
function beginFault(world, { everyMs, strike }, chance) {
    world.later(chance.exponential(everyMs), () => {
        strike(world, chance);
        beginFault(world, { everyMs, strike }, chance);
    });
}
/** After everything healed, every process must serve every request. */
function askEverybody(world) {
    for (const process of world.processes)
        for (const request of world.requests)
            world.ask(process, request, { isLast: true });
}
function watchForLoops(world) {
    const seen = new Map();
    const look = () => {
        for (const { link, name } of world.processes) {
            const calls = link.calls - (seen.get(link) ?? 0);
            seen.set(link, link.calls);
            world.verdict.expect(calls <= MOST_CALLS_PER_SECOND, 'nothing runs in a hot loop', () => {
                return `${name} called the store ${calls} times in a second`;
            });
        }
        world.time.after(1_000, world.time.world, look);
    };
    look();
}
function listenForAccidents({ verdict }) {
    const onUnhandled = (error) => {
        verdict.expect(false, 'no rejection goes unhandled', () => String(error));
    };
    const note = (message) => verdict.expect(false, 'nothing unexpected is logged', () => String(message));
    Logger.overrideLogger({ log: note, warn: note, error: note });
    process.on('unhandledRejection', onUnhandled);
    return () => {
        process.off('unhandledRejection', onUnhandled);
        Logger.overrideLogger(['log', 'warn', 'error']);
    };
}
function outcomeOf(seed, world, crash) {
    const { time, verdict, weather, callers, mints, everyone, history } = world;
    return {
        seed,
        faults: weather.faults.map(({ name }) => name),
        ...(verdict.breach && { breach: verdict.breach }),
        ...(crash !== undefined && { crash }),
        simulatedMs: time.now,
        events: time.events,
        processes: everyone.length,
        ...mints.reckon(),
        ...heardBy(callers.told),
        history: history.entries,
    };
}
function heardBy(told) {
    const errors = {};
    for (const { what } of told)
        if (what.startsWith('TOKEN_'))
            errors[what] = (errors[what] ?? 0) + 1;
    const refused = Object.values(errors).reduce((sum, count) => sum + count, 0);
    return { answers: told.length - refused, errors };
}
//# sourceMappingURL=simulate.js.map