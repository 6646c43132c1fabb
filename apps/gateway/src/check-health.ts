import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as requestTls } from 'node:https';

/** Below the time limit of the image's health check, so that the reason is printed before the check is killed. */
const LIMIT_MS = 2_000;

/**
 * `node check-health.js` ends with 0 if the gateway of this machine or container answers its liveness check, else with 1. It loads
 * nothing but Node, since it is run every few seconds.
 */
async function main(): Promise<void> {
  const path = process.env.GATEWAY_HEALTH_FILE;
  if (!path) throw new Error('GATEWAY_HEALTH_FILE is not set; give the gateway and this check the same file');
  const url = new URL(readFileSync(path, 'utf8').trim());
  const status = await statusOf(url);
  if (status !== 200)
    throw new Error(`${url.href} answered ${status}: see the log of the gateway, and restart it if this stays`);
}

/** The certificate is for the name that callers use, and the check uses an address of its own machine. */
function statusOf(url: URL): Promise<number | undefined> {
  const send = url.protocol === 'https:' ? requestTls : request;
  const options = { agent: false, rejectUnauthorized: false, signal: AbortSignal.timeout(LIMIT_MS) };
  return new Promise((resolve, reject) => {
    send(url, options, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
