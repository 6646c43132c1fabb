import { Logger } from '@nestjs/common';
import { connectionsWithin, openFilesLimit, tellConnections } from './open-files.js';

describe('A door', () => {
  it.each([
    [4_000, undefined, 4_000],
    [4_000, 1_048_576, 4_000],
    [4_000, 12_160, 4_000],
    [4_000, 12_159, 3_999],
    [4_000, 1_024, 288],
    [10, 1_024, 10],
    [4_000, 20, 1],
  ])('for %d connections, of a process that may open %p files, takes %d', (connections, openFiles, taken) => {
    expect(connectionsWithin(connections, openFiles)).toBe(taken);
  });
});

describe('The limit of open files', () => {
  it('is told by Linux, and is no limit elsewhere', () => {
    expect(openFilesLimit()).toEqual(process.platform === 'linux' ? expect.any(Number) : undefined);
  });

  it.each([
    [
      1_024,
      ['Takes 288 connections at each door and not 4000 (limits.connections), since a worker may open 1024 files: '],
    ],
    [1_048_576, []],
  ])('of %d is told at the start if it allows fewer connections than configured', (openFiles, told) => {
    const lines = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    tellConnections(4_000, openFiles);

    expect(lines.mock.calls).toEqual(told.map((line) => [expect.stringContaining(line)]));
    lines.mockRestore();
  });
});
