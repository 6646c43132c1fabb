import { type IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { InjectConfig } from '../config/gateway-config.token.js';
import { type GatewayConfig } from '../config/load-config.js';
import { isLoopback } from '../config/loopback.js';
import { type Problem } from '../proxy/problem.js';
import { forbiddenToCaller, notAtThisDoor, unknownCaller } from './access-problems.js';
import { ApiKeys } from './api-keys.js';
import { type Caller } from './caller.js';
import { bearerOf, KEY_HEADER, type Presented, presentedCredential } from './credential.js';
import { doorOf } from './doors.js';
import { type Grant } from './grant.js';
import { type Requirement, requirementOf, type RouteMatch } from './requirement.js';

/** Whether a request is let in, and who sent it if that was asked. */
export interface Verdict {
  readonly caller?: Caller;
  /** The reason not to let it in. */
  readonly problem?: Problem;
}

const ADMITTED: Verdict = {};

/** Decides what each request may do, by the door through which it came and by its caller. */
@Injectable()
export class Gatekeeper {
  private readonly keys?: ApiKeys;
  private readonly integrations: readonly string[];
  private readonly operationsAreLocal: boolean;

  constructor(@InjectConfig() { access, integrations, operations }: GatewayConfig) {
    this.keys = access && new ApiKeys(access.apiKeys);
    this.integrations = [...integrations.keys()];
    this.operationsAreLocal = operations !== undefined && isLoopback(operations.host);
  }

  /** Decides on a request, and takes the credential that opened the door out of it, so that it is forwarded nowhere. */
  judge(request: IncomingMessage, route: RouteMatch): Verdict {
    const requirement = requirementOf(route, request);
    if (requirement.kind === 'open') return ADMITTED;
    return doorOf(request) === 'operations'
      ? this.judgeOperations(request, requirement)
      : this.judgeCaller(request, requirement);
  }

  private judgeOperations(request: IncomingMessage, requirement: Requirement): Verdict {
    if (requirement.kind === 'use') return { problem: notAtThisDoor() };
    if (requirement.kind !== 'purge' || this.operationsAreLocal) return ADMITTED;
    return this.keys ? this.judgeCaller(request, requirement) : { problem: forbiddenToCaller() };
  }

  private judgeCaller(request: IncomingMessage, requirement: Requirement): Verdict {
    // Without access the door is on loopback, and this machine may do everything.
    if (!this.keys) return ADMITTED;
    const presented = presentedCredential(request);
    const caller = this.callerOf(presented);
    this.takeOut(request, presented);
    if (!caller) return { problem: unknownCaller(presented.kind === 'none' ? undefined : 'invalid_token') };
    return this.isGranted(caller.grant, requirement) ? { caller } : { caller, problem: forbiddenToCaller() };
  }

  private callerOf(presented: Presented): Caller | undefined {
    return 'value' in presented ? this.keys?.callerOf(presented.value) : undefined;
  }

  /** A key beside the one that counts is taken out as well: it would be forwarded as the caller's own `Authorization`. */
  private takeOut({ headers }: IncomingMessage, presented: Presented): void {
    delete headers[KEY_HEADER];
    if (presented.kind === 'bearer' || this.callerOf(bearerOf(headers.authorization))) delete headers.authorization;
  }

  private isGranted(grant: Grant, requirement: Requirement): boolean {
    switch (requirement.kind) {
      case 'use':
        return grant.allows(requirement.integration, requirement.method, requirement.path);
      case 'purge':
        return grant.allowsPurge(requirement.integration);
      case 'operations':
        return this.integrations.every((name) => grant.covers(name));
      case 'open':
      case 'any':
        return true;
    }
  }
}
