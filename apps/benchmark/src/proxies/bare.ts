import { createServer, type ServerResponse } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import { jwt } from '../contenders/jwt.js';
import { listen } from './listening.js';

/** The least that forwards a request with a token: node:http and `dispatch()` of undici. */
const [upstream = ''] = process.argv.slice(2);
const pool = new Pool(upstream, { connections: 128 });
const authorization = `Bearer ${jwt()}`;

const server = createServer((request, response) => {
  const { url = '/', method = 'GET' } = request;
  pool.dispatch({ path: url, method, headers: { authorization } }, relayTo(response));
});

function relayTo(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart() {},
    onResponseStart(_controller, status, headers) {
      const { 'content-type': type, 'content-length': length } = headers as Record<string, string>;
      response.writeHead(status, { 'content-type': type, 'content-length': length });
    },
    onResponseData(controller, chunk) {
      if (response.write(chunk)) return;
      controller.pause();
      response.once('drain', () => controller.resume());
    },
    onResponseEnd() {
      response.end();
    },
    onResponseError() {
      response.destroy();
    },
  };
}

await listen(server);
