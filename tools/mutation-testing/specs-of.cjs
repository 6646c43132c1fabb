const { readdirSync } = require('node:fs');
const { join, sep } = require('node:path');

const sources = join(__dirname, '../../libs/token-cache/src');
/** What takes a second or more: most mutants have died before it is their turn. */
const LONG = ['repeating-provider', 'refusing-provider', 'outage', 'costs', 'early-refresh'];

const depthOf = (path) => path.split(sep).length;
const isLong = (path) => LONG.some((name) => path.endsWith(`${name}.spec.ts`));

/** The specs of a folder. Those of one file come before those of a whole client: what they find, they find sooner. */
module.exports = (folder) =>
  readdirSync(join(sources, folder), { recursive: true })
    .map((name) => join(sources, folder, name))
    .filter((path) => path.endsWith('.spec.ts'))
    .sort((one, other) => isLong(one) - isLong(other) || depthOf(other) - depthOf(one));
