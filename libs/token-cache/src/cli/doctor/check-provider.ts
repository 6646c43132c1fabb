import { failed, type Finding, ok, reasonOf, warning } from './finding.js';

const TIMEOUT_MS = 10_000;
/** Further apart, the times in tokens and their answers begin to matter. */
const SKEW_MS = 5_000;
const PATHS = ['.well-known/openid-configuration', '.well-known/oauth-authorization-server'];

/** Whether a provider's metadata can be read and are its own, and whether its clock agrees with this machine's. */
export async function checkProvider(issuer: string): Promise<Finding[]> {
  const check = `provider ${new URL(issuer).host}`;
  try {
    const { response, metadata } = await discover(issuer);
    return [checkMetadata(check, issuer, metadata), checkClock(`clock of ${check}`, response.headers.get('date'))];
  } catch (error) {
    return [
      failed(
        check,
        `Its metadata cannot be read: ${reasonOf(error)}`,
        'Check issuer, DNS, proxy and certificates from this machine.',
      ),
    ];
  }
}

async function discover(issuer: string): Promise<{ response: Response; metadata: Record<string, unknown> }> {
  let last = 0;
  for (const path of PATHS) {
    const url = new URL(path, issuer.endsWith('/') ? issuer : `${issuer}/`);
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.ok) return { response, metadata: (await response.json()) as Record<string, unknown> };
    last = response.status;
  }
  throw new Error(`answered ${last}`);
}

function checkMetadata(check: string, issuer: string, metadata: Record<string, unknown>): Finding {
  const told = metadata['issuer'];
  if (told !== issuer)
    return failed(check, `Its metadata name ${String(told)}`, 'Write issuer exactly as the metadata do.');
  if (typeof metadata['token_endpoint'] !== 'string')
    return failed(check, 'Its metadata name no token_endpoint', 'Set tokenEndpoint in place of issuer.');
  return ok(check, 'its metadata name it and a token endpoint');
}

function checkClock(check: string, date: string | null): Finding {
  const skewMs = date === null ? NaN : Date.parse(date) - Date.now();
  if (Number.isNaN(skewMs)) return ok(check, 'it does not tell its time');
  if (Math.abs(skewMs) <= SKEW_MS) return ok(check, 'it agrees with the one of this machine');
  return warning(check, `It is ${Math.round(skewMs / 1_000)} s ahead of this machine's`, 'Set the clocks by NTP.');
}
