import { type IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { BudgetedLog } from '../log/budgeted-log.js';
import { InjectLog, type Log } from '../log/log.js';
import { traceIdOf } from '../log/trace-id.js';
import { idOfRequest } from '../proxy/request-id.js';
import { callerOf, type Caller } from './caller.js';
import { doorOf } from './doors.js';

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

/** Writes a line for each refused request, each purge and each token that was handed out, whatever the level of the log. */
@Injectable()
export class AuditLog {
  private readonly log: BudgetedLog;

  constructor(@InjectLog() log: Log) {
    this.log = new BudgetedLog(log.child({}, { level: 'info' }));
  }

  record(request: IncomingMessage, { event, caller = callerOf(request), ...rest }: AuditedEvent): void {
    const line = {
      audit: event,
      door: doorOf(request),
      caller: caller?.id ?? null,
      method: request.method,
      ...rest,
      from: request.socket.remoteAddress,
      requestId: idOfRequest(request),
      traceId: traceIdOf(request),
    };
    this.log.write('info', line, 'audit');
  }
}
