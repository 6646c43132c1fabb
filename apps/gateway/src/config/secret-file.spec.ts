import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory, type TemporaryDirectory } from '@mintonce/test-support';
import { type ConfigProblem } from './config.error.js';
import { resolveSecret, valueOf } from './secret.js';
import { readSecretFile } from './secret-file.js';

describe('The file of a secret', () => {
  let directory: TemporaryDirectory;
  const path = (name = 'secret') => join(directory.path, name);

  beforeEach(() => (directory = temporaryDirectory()));
  afterEach(() => directory.remove());

  it.each([
    ['a line break', 's3cret\n'],
    ['the line break of another system', 's3cret\r\n'],
    ['several line breaks', 's3cret\n\r\n\n'],
    ['a byte order mark before it', '\ufeffs3cret'],
    ['a byte order mark and a line break', '\ufeffs3cret\r\n'],
    ['nothing beside it', 's3cret'],
  ])('is read without %s', (_what, content) => {
    writeFileSync(path(), content);
    expect(readSecretFile(path())).toBe('s3cret');
  });

  it.each(['p@ss word', 'ä€😀', '"quoted"', '${NAME}', 'file:other'])('keeps what is within: %s', (secret) => {
    writeFileSync(path(), `${secret}\n`);
    expect(readSecretFile(path())).toBe(secret);
  });

  it('may be a link, as an orchestrator makes them', () => {
    writeFileSync(path('data'), 's3cret');
    symlinkSync(path('data'), path());
    expect(readSecretFile(path())).toBe('s3cret');
  });

  it.each<[string, string, (path: string) => void]>([
    ['is empty', 'is empty', (file) => writeFileSync(file, '')],
    ['holds a line break alone', 'is empty', (file) => writeFileSync(file, '\r\n')],
    ['holds a byte order mark alone', 'is empty', (file) => writeFileSync(file, '\ufeff')],
    ['begins with a space', 'white space', (file) => writeFileSync(file, ' s3cret')],
    ['ends with a space before the line break', 'white space', (file) => writeFileSync(file, 's3cret \n')],
    ['ends with a character of no width', 'white space', (file) => writeFileSync(file, 's3cret\u200b')],
    ['ends with a space that does not break', 'white space', (file) => writeFileSync(file, 's3cret\u00a0')],
    ['holds a NUL', 'control characters', (file) => writeFileSync(file, 's3\0cret')],
    ['is UTF-16', 'is not UTF-8 text; save it', (file) => writeFileSync(file, Buffer.from('\ufeffs3cret', 'utf16le'))],
    ['is no text', 'is not UTF-8 text; save it', (file) => writeFileSync(file, Buffer.from([0xc3, 0x28]))],
    ['is huge', 'is larger than 1024 KiB; name', (file) => writeFileSync(file, Buffer.alloc(1024 * 1024 + 1, 'a'))],
    ['is a directory', 'is not a regular file; name', (file) => mkdirSync(file)],
    ['is a pipe that nobody writes to', 'is not a regular file', (file) => void execFileSync('mkfifo', [file])],
    ['is a device', 'is not a regular file', (file) => symlinkSync('/dev/zero', file)],
    ['is not there', 'cannot be read (ENOENT)', () => {}],
    ['is a link to itself', 'cannot be read (ELOOP)', (file) => symlinkSync(file, file)],
  ])('is a problem of its field when it %s, and is not quoted', (_what, problem, make) => {
    make(path());
    const problems: ConfigProblem[] = [];
    resolveSecret('file:secret', directory.path, 'redis.password', problems);

    expect(problems).toEqual([{ path: 'redis.password', problem: expect.stringContaining(problem) }]);
    expect(problems[0]?.problem.replace(path(), '')).not.toContain('s3');
    expect(problems[0]?.problem).toContain(path());
  });

  const itUnlessRoot = process.getuid?.() === 0 ? it.skip : it;
  itUnlessRoot('is a problem of its field when its permissions hide it', () => {
    writeFileSync(path(), 's3cret');
    chmodSync(path(), 0);
    const problems: ConfigProblem[] = [];
    resolveSecret('file:secret', directory.path, 'redis.password', problems);

    expect(problems).toEqual([{ path: 'redis.password', problem: expect.stringContaining('cannot be read (EACCES)') }]);
  });

  it('leaves the last secret in use while it cannot be used, and says so once', () => {
    writeFileSync(path(), 'first');
    const secret = valueOf.bind(undefined, resolveSecret('file:secret', directory.path, 'redis.password', []));
    const warned = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      writeFileSync(path(), '');
      expect([secret(), secret()]).toEqual(['first', 'first']);
      expect(warned.mock.calls.join().match(/redis\.password: the file .* is empty/g)).toHaveLength(1);
      expect(warned.mock.calls.join()).not.toContain('first');
      writeFileSync(path(), 'second\n');
      expect(secret()).toBe('second');
      rmSync(path());
      expect(secret()).toBe('second');
      expect(warned.mock.calls.join()).toContain('cannot be read (ENOENT)');
    } finally {
      warned.mockRestore();
    }
  });
});
