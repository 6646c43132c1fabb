import { type IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { idOfRequest } from '../proxy/request-id.js';
import { callerOf, type Caller } from './caller.js';
import { doorOf } from './doors.js';
import { LineBudget } from './line-budget.js';

/** What an audit line tells beside the request. It holds no field, query or path of the request: each may hold a credential. */
export interface AuditedEvent {
  readonly event: 'refused' | 'purged' | 'all purged' | 'token issued';
  /** Status and code of the answer, if it is a problem document. */
  readonly status?: number;
  readonly code?: string;
  /** The pattern of the route. */
  readonly route?: string;
  readonly integration?: string;
  /** @defaultValue the caller that the door let in */
  readonly caller?: Caller;
}

/** Writes a line of JSON to standard output for each refused request, each purge and each token that was handed out. */
@Injectable()
export class AuditLog {
  private readonly budget = new LineBudget();

  record(request: IncomingMessage, { event, caller = callerOf(request), ...rest }: AuditedEvent): void {
    const { mayWrite, leftOut } = this.budget.take();
    if (!mayWrite) return;
    const at = new Date().toISOString();
    if (leftOut > 0) this.write({ audit: 'left out', at, lines: leftOut });
    this.write({
      audit: event,
      at,
      door: doorOf(request),
      caller: caller?.id ?? null,
      method: request.method,
      ...rest,
      from: request.socket.remoteAddress,
      requestId: idOfRequest(request),
    });
  }

  private write(line: object): void {
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}
