import { readFileSync } from 'node:fs';
import semver from 'semver';
import { StartError } from './start-error.mjs';

const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/**
 * Checks the `engines` of package.json, about which npm only warns.
 *
 * @throws StartError if this Node is not supported
 */
export function checkNode(version = process.versions.node) {
  if (semver.satisfies(version, engines.node)) return;
  throw new StartError(`Node ${version} is not supported: package.json asks for ${engines.node}.`);
}
