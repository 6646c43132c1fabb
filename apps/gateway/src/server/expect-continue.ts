import { type IncomingMessage, type ServerResponse } from 'node:http';

const expecting = new WeakSet<IncomingMessage>();

/** The caller sends the body only when it is asked to (RFC 9110 section 10.1.1). */
export function expectsContinue(request: IncomingMessage): void {
  expecting.add(request);
}

/** Asks for the body, if the caller waits for that. Until then the request can be refused without its body. */
export function askForBody(request: IncomingMessage, response: ServerResponse): void {
  if (expecting.delete(request)) response.writeContinue();
}
