// What is beyond the containers of a test: the identity provider and the upstream of the configurations that are shipped, each at
// its own name with a certificate in /srv. Each mint and each request to the upstream is a line of its output.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const ISSUER = 'https://idp.example';
const METADATA = { issuer: ISSUER, token_endpoint: `${ISSUER}/token` };

function serve(name, answer) {
  const pair = { cert: readFileSync(`/srv/${name}.crt`), key: readFileSync(`/srv/${name}.key`) };
  const server = createServer(pair, (request, response) => {
    const body = answer(request);
    response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
  });
  return new Promise((resolve) => server.listen(443, name, resolve));
}

await serve('idp.example', ({ method, url }) => {
  if (url?.startsWith('/.well-known/')) return METADATA;
  if (method !== 'POST' || url !== '/token') return undefined;
  console.log('mint');
  return { access_token: randomUUID(), token_type: 'Bearer', expires_in: 3600 };
});
await serve('billing.example', ({ headers, url }) => {
  console.log(`upstream ${url} ${headers.authorization} ${headers['x-api-key']}`);
  return { invoices: [] };
});
console.log('the world is there');
