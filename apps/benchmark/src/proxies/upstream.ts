import { createServer } from 'node:http';
import { jwt, LIFE_MS } from '../contenders/jwt.js';
import { listen } from './listening.js';

/** Both ends behind the proxies: the upstream, which answers 1 KB, and under /token the identity provider. */
const body = Buffer.alloc(1_024, 'x');

const server = createServer((request, response) => {
  if (request.url === '/token') {
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ access_token: jwt(), token_type: 'Bearer', expires_in: LIFE_MS / 1_000 }));
  } else {
    response.setHeader('content-type', 'text/plain');
    response.end(body);
  }
});

await listen(server);
