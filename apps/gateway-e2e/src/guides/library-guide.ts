import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@mintonce/test-support';
import { pack } from '../consumer.js';
import { ROOT } from '../fleet.js';
import { startOutside } from '../pages/outside.js';
import { follow, onFreePorts, readersEnvironment, readGuide, type StepResult } from './guide.js';

export const LIBRARY_GUIDE = readGuide(ROOT, 'docs/getting-started-library.md');

/** What its reader ends up with. */
export interface LibraryGuideResult {
  readonly steps: readonly StepResult[];
  /** What each process answered. */
  readonly answers: readonly string[];
  /** How many tokens the identity provider issued. */
  readonly mints: number;
}

/**
 * Follows the guide in an empty folder, with the library as it would be published.
 *
 * @param nest the major version of Nest
 * @param onStep is told of each step when it is done
 */
export async function followLibraryGuide(
  nest: number,
  onStep?: (step: StepResult) => void,
): Promise<LibraryGuideResult> {
  const folder: TemporaryDirectory = temporaryDirectory();
  const outside = await startOutside(folder.path);
  try {
    const { tarball } = await pack('libs/token-cache', folder.path);
    const onPorts = await onFreePorts([3000, 3001]);
    const cwd = join(folder.path, 'empty');
    mkdirSync(cwd);
    const here = (code: string): string =>
      outside.here(onPorts(code)).replace('install @mintonce/token-cache', `install ${tarball}`);
    const env = { ...readersEnvironment(), NODE_EXTRA_CA_CERTS: outside.ca };
    const wanted = LIBRARY_GUIDE.steps.map((step) => ({ ...step, code: step.code.replace('cli@11', `cli@${nest}`) }));
    const steps = await follow(wanted, { cwd, env, here }, onStep);
    const answers = steps.at(-1)!.output.match(/^\{"generation".*\}$/gm) ?? [];
    return { steps, answers, mints: outside.mints() };
  } finally {
    await outside.stop();
    folder.remove();
  }
}
