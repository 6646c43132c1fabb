/** What upstreams hold against tokens that are good. */
export const UPSTREAM_FAULTS = [
    upstreamFault('the upstream refuses every token', () => ({ refusesAll: true })),
    upstreamFault('the upstream does not know new tokens yet', () => ({ lagMs: 1_000 })),
    upstreamFault('one path of the upstream is forbidden', (chance) => ({ forbiddenShare: chance.pick([0.1, 0.5]) })),
];
function upstreamFault(name, moodOf) {
    return {
        name,
        disturbs: 'upstream',
        everyMs: 15_000,
        strike(world, chance) {
            const mood = moodOf(chance);
            Object.assign(world.upstream.mood, mood);
            world.say('upstream', JSON.stringify(mood));
            world.later(chance.pick([3_000, 20_000, 60_000]), () => world.calmUpstream());
        },
    };
}
//# sourceMappingURL=upstream-faults.js.map