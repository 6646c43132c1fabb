import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryAptInstall } from './apt-package.js';

export const FAKETIME_IS_MISSING =
  'libfaketime is not installed, and could not be (Debian, Ubuntu: sudo apt-get install libfaketime)';

/** A wall clock of its own for child processes: the C library tells them another time. Their monotonic clock stays. */
export class FakeTime {
  private readonly path: string;

  /**
   * @param library libfaketime
   * @param directory where the file is kept that says how far the clock is off
   */
  constructor(
    private readonly library: string,
    directory: string,
  ) {
    this.path = join(directory, 'faketime');
    this.setAhead(0);
  }

  /** Sets the clock of the processes that run, and of those to come, so far ahead of the machine's; behind it if negative. */
  setAhead(ms: number): void {
    const seconds = ms / 1_000;
    // In one step, since every look at the clock reads the file.
    writeFileSync(`${this.path}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    renameSync(`${this.path}.new`, this.path);
  }

  /** What a process needs in its environment to have this clock. */
  get env(): NodeJS.ProcessEnv {
    return {
      LD_PRELOAD: this.library,
      FAKETIME_TIMESTAMP_FILE: this.path,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }
}

/** The path of libfaketime, installed first where that is possible (Debian and its kin, as root); undefined where it is not. */
export function ensureFakeTime(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const found = fakeTimeLibrary();
  if (found) return found;
  tryAptInstall('libfaketime', env);
  return fakeTimeLibrary();
}

/** The one for programs with threads, below the folder that Debian names after the machine. */
function fakeTimeLibrary(): string | undefined {
  const folders = existsSync('/usr/lib') ? readdirSync('/usr/lib') : [];
  return folders.map((folder) => `/usr/lib/${folder}/faketime/libfaketimeMT.so.1`).find((path) => existsSync(path));
}
