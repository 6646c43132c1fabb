for (const path of require('./specs-of.cjs')('nest')) require(path);
