const { resolve } = require('node:path');

/** The one test file of a run: for Jest, to begin a file takes longer than most of what is in it. */
for (const path of globalThis.SPECS) require(resolve(__dirname, '../..', path));
