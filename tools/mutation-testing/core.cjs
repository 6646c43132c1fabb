for (const path of require('./specs-of.cjs')('core')) require(path);
// What no specification found may still break a promise to a fleet.
require('./simulation.cjs');
