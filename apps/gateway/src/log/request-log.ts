import { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../access/caller.js';
import { doorOf } from '../access/doors.js';
import { InjectConfig } from '../config/gateway-config.token.js';
import { type GatewayConfig } from '../config/load-config.js';
import { answeredStatus } from '../proxy/answered-status.js';
import { onceClosed } from '../proxy/once-closed.js';
import { idOfRequest } from '../proxy/request-id.js';
import { BudgetedLog } from './budgeted-log.js';
import { InjectLog, type Log } from './log.js';
import { loggedPath } from './logged-path.js';
import { factsOf, type RequestFacts } from './request-facts.js';
import { Sampling } from './sampling.js';
import { traceIdOf } from './trace-id.js';

/** How a request ended. */
interface Outcome {
  readonly status: number;
  /** Whether the whole answer was sent. */
  readonly isComplete: boolean;
  readonly durationMs: number;
}

/** Bytes that the connection carried for a request, the headers included. */
interface Sizes {
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** Bytes of a connection that the lines of its former requests have counted. */
interface Counted {
  received: number;
  sent: number;
}

/**
 * Writes a line for each request, when its answer is sent or broken off. A request that a door refused has an audit line instead.
 * The line holds what is named here, and no header field, no query and nothing of a body.
 */
@Injectable()
export class RequestLog {
  private readonly sampling: Sampling;
  private readonly slowMs: number;
  private readonly hasPaths: boolean;
  private readonly stranger: BudgetedLog;
  private readonly counted = new WeakMap<Socket, Counted>();

  constructor(
    @InjectLog() private readonly log: Log,
    @InjectConfig() { log: { sampleSuccesses, slowMs, paths } }: GatewayConfig,
  ) {
    this.sampling = new Sampling(sampleSuccesses);
    this.slowMs = slowMs ?? Infinity;
    this.hasPaths = paths;
    this.stranger = new BudgetedLog(log);
  }

  /** Writes the lines of a server's requests. */
  follow(server: Server): void {
    const watch = (request: IncomingMessage, response: ServerResponse): void => {
      const startedAt = performance.now();
      onceClosed(request, response, () => this.answered(request, response, performance.now() - startedAt));
    };
    // Before the listener that may answer at once.
    server.prependListener('request', watch);
    server.prependListener('checkExpectation', watch);
  }

  private answered(request: IncomingMessage, response: ServerResponse, durationMs: number): void {
    const sizes = this.sizesOf(request.socket);
    const facts = factsOf(request);
    if (facts.isAudited) return;
    const outcome = { status: answeredStatus(response), isComplete: response.writableFinished, durationMs };
    if (facts.isAdmitted) this.write(request, facts, outcome, sizes);
    // What never reached the door was answered by the server, if at all.
    else if (response.headersSent)
      this.stranger.write('info', this.fieldsOf(request, facts, outcome, sizes), 'request');
  }

  private write(request: IncomingMessage, facts: RequestFacts, outcome: Outcome, sizes: Sizes): void {
    const level = levelOf(facts, outcome);
    if (!this.log.isLevelEnabled(level)) return;
    const mayBeLeftOut = hasSucceeded(outcome) && outcome.durationMs < this.slowMs;
    if (mayBeLeftOut && !this.sampling.take()) return;
    const sampleShare = mayBeLeftOut && this.sampling.share < 1 ? this.sampling.share : undefined;
    this.log[level](this.fieldsOf(request, facts, outcome, sizes, sampleShare), 'request');
  }

  private fieldsOf(
    request: IncomingMessage,
    facts: RequestFacts,
    outcome: Outcome,
    { receivedBytes, sentBytes }: Sizes,
    sampleShare?: number,
  ): object {
    const { integration, code, cause, retries, isAdmitted } = facts;
    return {
      requestId: idOfRequest(request),
      traceId: traceIdOf(request),
      door: doorOf(request),
      caller: callerOf(request)?.id,
      integration,
      method: request.method,
      path: this.hasPaths && isAdmitted ? loggedPath(request.url!) : undefined,
      status: outcome.status,
      code,
      cause,
      isComplete: outcome.isComplete ? undefined : false,
      durationMs: tenths(outcome.durationMs),
      tokenMs: tenths(facts.tokenMs),
      upstreamMs: tenths(facts.upstreamMs),
      retries,
      receivedBytes,
      sentBytes,
      sampleShare,
    };
  }

  /** What the connection carried since the last line, the headers included. */
  private sizesOf(socket: Socket): Sizes {
    const { bytesRead, bytesWritten } = socket;
    const former = this.counted.get(socket) ?? { received: 0, sent: 0 };
    this.counted.set(socket, { received: bytesRead, sent: bytesWritten });
    return { receivedBytes: bytesRead - former.received, sentBytes: bytesWritten - former.sent };
  }
}

function hasSucceeded({ status, isComplete }: Outcome): boolean {
  return status < 400 && isComplete;
}

/** A scrape or a probe that succeeds tells nothing, and comes every few seconds. */
function levelOf({ integration, cause }: RequestFacts, outcome: Outcome): 'debug' | 'info' | 'warn' {
  if (hasSucceeded(outcome)) return integration === undefined ? 'debug' : 'info';
  return outcome.status >= 500 || cause !== undefined ? 'warn' : 'info';
}

function tenths(durationMs: number | undefined): number | undefined {
  return durationMs === undefined ? undefined : Math.round(durationMs * 10) / 10;
}
