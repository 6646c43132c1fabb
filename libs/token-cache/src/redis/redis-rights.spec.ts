import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { TRIED_COMMANDS } from '../cli/doctor/check-redis.js';
import { documentedRights } from './redis-rights.spec-support.js';

const FOLDER = import.meta.dirname;
/** A script calls Redis itself, or by its own `read`. */
const IN_LUA = /\b(?:redis\.p?call|read)\('([A-Z]+)'/g;
/** A method of something that is a client, or the name of a command that `sendScript` is given. */
const IN_CODE = /\b(?:client|node|connection)\.(\w+)\(|\bsendScript\(\w+, '(\w+)'/g;
/** ioredis asks for it when it has connected. */
const OF_IOREDIS = ['info'];
/** What the doctor does not try: others would hear of it, or it tells a version without a right of its own. */
const NOT_TRIED = ['publish', 'subscribe', 'info'];

/** All names that a pattern finds in the files of a folder, as Redis names its commands. */
function namesIn(folder: string, isRead: (file: string) => boolean, pattern: RegExp): string[] {
  const texts = readdirSync(folder)
    .filter(isRead)
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  return texts.flatMap((text) => [...text.matchAll(pattern)].map(([, one, other]) => (one ?? other)!.toLowerCase()));
}

function granting(commands: readonly string[]): string[] {
  return [...new Set(commands)].map((command) => `+${command}`).sort();
}

describe('The rights that docs/stores.md lists', () => {
  it('are the commands that the store sends, itself and in its scripts, and no others', () => {
    const isOurs = (file: string): boolean => /(?<!\.(spec|spec-support|d))\.ts$/.test(file);
    const called = namesIn(FOLDER, isOurs, IN_CODE);
    const commands = new Set(new Redis({ lazyConnect: true }).getBuiltinCommands());
    const sent = [
      ...namesIn(join(FOLDER, 'lua'), (file) => file.endsWith('.lua'), IN_LUA),
      ...called.filter((name) => commands.has(name)),
    ];
    expect(granting([...sent, ...OF_IOREDIS])).toEqual(documentedRights().sort());
  });

  it('are what `mintonce doctor` tries, but for what others would hear', () => {
    const tried = TRIED_COMMANDS.map(([command]) => command);
    expect(granting([...tried, ...NOT_TRIED])).toEqual(documentedRights().sort());
  });
});
