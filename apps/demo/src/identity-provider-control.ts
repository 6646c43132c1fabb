import { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { isLoopback, readText, sendJson } from './http.js';
import { type Settings } from './identity-provider-settings.js';

/** The operations of `/control`. */
export interface Operations {
  stats(): unknown;
  control(change: Partial<Settings>): Settings;
  revokeAll(): void;
  reset(): void;
}

/** Serves `/control` to loopback addresses only, and passes every other request on to the provider. */
export function control(operations: Operations, provider: RequestListener): RequestListener {
  return (request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    if (!/^\/control(\/|$)/.test(path)) return provider(request, response);
    if (!isLoopback(request))
      return sendJson(response, 403, { error: '/control is for this machine only: call it from a loopback address' });
    operate(operations, `${request.method} ${path}`, request, response).catch((error: Error) =>
      sendJson(response, 400, { error: error.message }),
    );
  };
}

async function operate(operations: Operations, route: string, request: IncomingMessage, response: ServerResponse) {
  switch (route) {
    case 'GET /control/stats':
      return sendJson(response, 200, operations.stats());
    case 'POST /control':
      return sendJson(response, 200, operations.control(JSON.parse(await readText(request)) as Partial<Settings>));
    case 'POST /control/revoke':
      return sendJson(response, 200, operations.revokeAll() ?? {});
    case 'POST /control/reset':
      return sendJson(response, 200, operations.reset() ?? {});
    default:
      return sendJson(response, 404, { error: `no such control: ${route}` });
  }
}
