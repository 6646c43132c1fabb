import { type IncomingMessage } from 'node:http';

/** What becomes known of a request on its way, for its line in the log. Durations are in ms. */
export interface RequestFacts {
  /** The door let it in. */
  isAdmitted?: boolean;
  /** The door refused it, and its audit line says so. */
  isAudited?: boolean;
  /** Whose upstream it is for. */
  integration?: string;
  /** The code of the problem that the gateway answered with. */
  code?: string;
  /** The code of what the system or undici reported. */
  cause?: string;
  /** From the question for a token to the answer of the upstream, without `upstreamMs`. */
  tokenMs?: number;
  /** From sending the request to the header of the upstream's answer; the sum, if it was sent several times. */
  upstreamMs?: number;
  /** How often it was sent to the upstream again. */
  retries?: number;
}

const facts = new WeakMap<IncomingMessage, RequestFacts>();

/** The facts of a request, for everybody on its way to add to. */
export function factsOf(request: IncomingMessage): RequestFacts {
  let known = facts.get(request);
  if (!known) facts.set(request, (known = {}));
  return known;
}
