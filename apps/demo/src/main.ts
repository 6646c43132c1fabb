import { startIdentityProvider } from './identity-provider.js';
import { startUpstream } from './upstream.js';

const host = process.env['HOST'] || '127.0.0.1';
const provider = await startIdentityProvider({ host, port: portFrom('IDP_PORT', 4000) });
const upstream = await startUpstream({
  host,
  port: portFrom('UPSTREAM_PORT', 4001),
  issuer: provider.issuer,
  client: provider.introspectionClient,
  cacheMs: Number(process.env['INTROSPECTION_CACHE_MS'] || 0),
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void Promise.all([upstream.stop(), provider.stop()]).then(() => process.exit(0)));
}
console.log(JSON.stringify({ ready: true, issuer: provider.issuer, upstream: upstream.url }));

function portFrom(name: string, fallback: number): number {
  const port = Number(process.env[name] || fallback);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new RangeError(`${name} is not a port: ${process.env[name]}`);
}
