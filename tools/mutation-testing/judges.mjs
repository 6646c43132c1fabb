import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = 'libs/token-cache/src';
/** What takes a second or more: most mutants have been found before it is its turn. */
const LONG = ['repeating-provider', 'refusing-provider', 'outage', 'costs', 'early-refresh', 'random-histories'];

const filesIn = (folder, options) =>
  readdirSync(join(SOURCES, folder), { ...options, withFileTypes: true })
    .filter((entry) => entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
const isSpec = (path) => path.endsWith('.spec.ts');
const isSource = (path) => !isSpec(path) && !path.endsWith('.spec-support.ts');
const isLong = (path) => LONG.some((name) => path.endsWith(`/${name}.spec.ts`));
const depthOf = (path) => path.split('/').length;

/** The layers of the core, its top, and the Nest shell. */
export const folders = [
  ...readdirSync(join(SOURCES, 'core'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `core/${entry.name}`),
  'core',
  'nest',
];

export const sourcesOf = (folder) => filesIn(folder).filter(isSource);

export const specsOf = (folder) => filesIn(folder).filter(isSpec);

/** Those of one file come before those of a whole client: what they find, they find sooner. */
export const coreSpecs = () =>
  filesIn('core', { recursive: true })
    .filter(isSpec)
    .sort((one, other) => isLong(one) - isLong(other) || depthOf(other) - depthOf(one));

/** What no spec finds may still break a promise to a fleet. */
export const SIMULATION = 'tools/mutation-testing/simulation.cjs';
