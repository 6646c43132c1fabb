import { tryAptInstall } from './apt-package.js';
import { onPath } from './redis-server-bin.js';

export const CHROMIUM_IS_MISSING =
  'no Chromium was found, and none could be installed (Debian: sudo apt-get install chromium; elsewhere put its path in CHROMIUM_BIN)';

/** A headless browser that talks to nobody but the pages that it is shown. */
export const CHROMIUM_ARGS: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The path of Chromium, installed first where that is possible (Debian and its kin, as root); undefined where it is not. */
export function ensureChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const found = chromiumBin(env);
  if (found) return found;
  tryAptInstall('chromium', env);
  return chromiumBin(env);
}

/** `CHROMIUM_BIN`, else the first browser of that kind on the PATH. */
function chromiumBin(env: NodeJS.ProcessEnv): string | undefined {
  return (
    env['CHROMIUM_BIN'] || (onPath('chromium', env) ?? onPath('chromium-browser', env) ?? onPath('google-chrome', env))
  );
}
