const Sequencer = require('@jest/test-sequencer').default;

/** In this order. A clone has no times yet, and goes by the sizes of files, of which the soak's is one of the smallest. */
const LONGEST = [
  'gateway.e2e-spec',
  'package.e2e-spec',
  'soak.e2e-spec',
  'disk.e2e-spec',
  'doors.e2e-spec',
  'compose.e2e-spec',
  'start.e2e-spec',
];

/** Starts the longest files first, so that none is left to run alone at the end. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const all = super.sort(tests);
    const long = LONGEST.flatMap((name) => all.filter(({ path }) => path.includes(`/${name}`)));
    return [...long, ...all.filter((test) => !long.includes(test))];
  }
};
