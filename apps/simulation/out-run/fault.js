/** Rather one that holds a lease: that is where it hurts. */
export function aProcess(world, chance) {
    const serving = world.processes.filter(({ serves }) => serves);
    const holders = serving.filter(({ name }) => world.holders.has(name));
    return chance.pick(holders.length > 0 && chance.happens(0.6) ? holders : serving);
}
//# sourceMappingURL=fault.js.map