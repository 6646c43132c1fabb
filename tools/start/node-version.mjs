import { StartError } from './start-error.mjs';

/** The `engines` of package.json, which npm only warns about. */
export function checkNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  const suits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
  if (!suits) throw new StartError(`Node ${version} is not supported: use 20.19 or later, 22.12 or later, or 24.`);
}
