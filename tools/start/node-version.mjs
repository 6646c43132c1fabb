import { StartError } from './start-error.mjs';

/**
 * Checks the `engines` of package.json, about which npm only warns.
 *
 * @throws StartError if this Node is not supported
 */
export function checkNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  const suits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
  if (!suits) throw new StartError(`Node ${version} is not supported: use 20.19 or later, 22.12 or later, or 24.`);
}
