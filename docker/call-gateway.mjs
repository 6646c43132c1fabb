// What a caller in another container does: one key, in one field. The token of the upstream is none of its business.
//   docker compose -f docker/compose.yaml exec application node call-gateway.mjs /invoices
import { readFileSync } from 'node:fs';

const [path = '/'] = process.argv.slice(2);
const key = readFileSync('/run/secrets/application_key', 'utf8').trim();
const response = await fetch(`http://gateway:3000/proxy/billing${path}`, { headers: { 'x-api-key': key } });
console.log(response.status, await response.text());
