import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyEdit, type Edit } from './edit.js';

describe('An edit of a build', () => {
  let directory: string;
  const edit = (find: string, more: Partial<Edit> = {}): Edit => ({
    file: 'core/one.js',
    find,
    replace: '$&;',
    ...more,
  });

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'edit-'));
    mkdirSync(join(directory, 'core'));
    writeFileSync(join(directory, 'core', 'one.js'), 'if (held)\n        return held;\nreturn 1;\n');
    writeFileSync(join(directory, 'two.js'), 'call(2);\n');
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  it('replaces a text however it is laid out, to the letter', () => {
    applyEdit(directory, edit('if (held) return held;'));
    expect(readFileSync(join(directory, 'core', 'one.js'), 'utf8')).toBe('$&;\nreturn 1;\n');
  });

  it.each([
    ['is missing', edit('absent()'), 'core/one.js has it 0 times: absent()'],
    ['has changed', edit('if (held) return kept;'), 'what comes nearest is in core/one.js:1: if (held)'],
    ['is ambiguous', edit('return'), 'core/one.js has it 2 times: return'],
    ['moved to another file', edit('call(2)'), 'core/one.js has it 0 times, but it is in two.js: call(2)'],
    [
      'is in a file that is gone',
      edit('call(2)', { file: 'old.js' }),
      'there is no old.js, but it is in two.js: call(2)',
    ],
  ])('says what is wrong when its text %s', (_what, wrong, problem) => {
    expect(() => applyEdit(directory, wrong)).toThrow(problem);
  });
});
