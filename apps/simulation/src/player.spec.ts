import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { temporaryDirectory } from '@mintonce/test-support';

const DIST = join(__dirname, '../dist');

/** Plays a run of each of these builds, one after the other, and prints what becomes of it; `null` is the library as it was built. */
const programFor = (libraries: readonly (string | null)[]): string => `
  import { builtLibrary } from '${pathToFileURL(join(DIST, 'library.js')).href}';
  import { Player } from '${pathToFileURL(join(DIST, 'player.js')).href}';
  const player = new Player();
  const told = [];
  for (const library of ${JSON.stringify(libraries)})
    told.push(await player.play({ library: library ?? builtLibrary(), seed: 1 }).catch(({ message }) => message));
  await player.close();
  console.log(JSON.stringify(told));
`;

describe('A player', () => {
  it('goes on after a build that cannot be loaded, and after one that ends its thread', () => {
    const directory = temporaryDirectory();
    const exits = join(directory.path, 'exits');
    mkdirSync(exits);
    writeFileSync(join(exits, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(exits, 'index.js'), 'process.exit(3);');
    const program = join(directory.path, 'program.mjs');
    writeFileSync(program, programFor([join(directory.path, 'missing'), null, exits, null]));
    try {
      expect(JSON.parse(execFileSync(process.execPath, [program], { encoding: 'utf8' }))).toEqual([
        expect.stringContaining('Cannot find module'),
        {},
        'it ended its thread, with 3',
        {},
      ]);
    } finally {
      directory.remove();
    }
  });
});
