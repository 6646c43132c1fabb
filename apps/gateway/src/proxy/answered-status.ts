import { type ServerResponse } from 'node:http';

/** nginx's status for a caller that closed the connection before the answer. */
const CALLER_LEFT = 499;

/** The status that a request was answered with; 499 if the caller left before it. */
export function answeredStatus({ headersSent, statusCode }: ServerResponse): number {
  return headersSent ? statusCode : CALLER_LEFT;
}
