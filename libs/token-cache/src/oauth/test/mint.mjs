// A process that mints one token and prints what came of it: node mint.mjs <token endpoint> <secret>
import { clientCredentials } from '@mintonce/token-cache/oauth';

const [tokenEndpoint, clientSecret] = process.argv.slice(2);
const source = clientCredentials({ tokenEndpoint, clientId: 'gateway', clientSecret });
const context = { signal: AbortSignal.timeout(30_000), fence: 1, integration: 'billing' };
/** Whether the rest of the process would have trusted the server. */
const isTrusted = await fetch(tokenEndpoint, { method: 'HEAD' }).then(
  () => true,
  () => false,
);
const minted = await source.mint({}, context).catch(({ code, message }) => ({ code, message }));
process.stdout.write(JSON.stringify({ isTrusted, ...minted }));
