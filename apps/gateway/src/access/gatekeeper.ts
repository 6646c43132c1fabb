import { type IncomingMessage } from 'node:http';
import { isLoopback } from '@mintonce/token-cache/oauth';
import { Injectable } from '@nestjs/common';
import { type AccessConfig } from '../config/access.schema.js';
import { InjectConfig } from '../config/gateway-config.token.js';
import { type GatewayConfig } from '../config/load-config.js';
import { type Problem } from '../proxy/problem.js';
import { remade } from '../remade.js';
import { forbiddenToCaller, issuerUnavailable, notAtThisDoor, unknownCaller } from './access-problems.js';
import { ApiKeys } from './api-keys.js';
import { type Caller, callerOf } from './caller.js';
import { bearerOf, KEY_HEADER, type Presented, presentedCredential } from './credential.js';
import { doorOf } from './doors.js';
import { type Grant } from './grant.js';
import { issuerFetch } from './issuer-fetch.js';
import { IssuerUnavailableError } from './issuer-keys.js';
import { JwtCallers } from './jwt-callers.js';
import { type Requirement, requirementOf, type RouteMatch } from './requirement.js';

/** Whether a request is let in, and who sent it if that was asked. */
export interface Verdict {
  readonly caller?: Caller;
  /** The reason not to let it in. */
  readonly problem?: Problem;
  /** What it uses if it is let in, to whose limits it is held. */
  readonly integration?: string;
}

/** Whether a purge is let in without a credential of its own, with the key of a caller who may purge, or not at all. */
export type PurgeRight = 'allowed' | 'key' | 'forbidden';

const ADMITTED: Verdict = {};
const NOBODY: AccessConfig = { apiKeys: [], jwt: [] };

interface KnownCallers {
  /** Absent where nobody has to show who calls. */
  readonly keys?: ApiKeys;
  readonly jwt: JwtCallers;
}

/** Decides what each request may do, by the door through which it came and by its caller. */
@Injectable()
export class Gatekeeper {
  private readonly operationsAreLocal: boolean;
  private readonly known: () => KnownCallers;

  constructor(@InjectConfig() private readonly config: GatewayConfig) {
    const { operations, outbound } = config;
    this.operationsAreLocal = operations !== undefined && isLoopback(operations.host);
    let jwt = new JwtCallers([], issuerFetch(outbound));
    // `access` becomes another one while the gateway serves.
    this.known = remade(
      () => config.access ?? NOBODY,
      (access) => {
        jwt = jwt.replacedBy(access.jwt);
        return access === NOBODY ? { jwt } : { keys: new ApiKeys(access.apiKeys), jwt };
      },
    );
  }

  /** Decides on a request, and takes the credential that opened the door out of it, so that it is forwarded nowhere. */
  judge(request: IncomingMessage, route: RouteMatch): Verdict | Promise<Verdict> {
    const requirement = requirementOf(route, request);
    if (requirement.kind === 'open') return ADMITTED;
    return doorOf(request) === 'operations'
      ? this.judgeOperations(request, requirement)
      : this.judgeCaller(request, requirement);
  }

  /** Whether whoever was let in with this request could purge an integration the same way. */
  purgeRight(request: IncomingMessage, integration: string): PurgeRight {
    if (doorOf(request) === 'operations') {
      if (this.operationsAreLocal) return 'allowed';
      return this.known().keys ? 'key' : 'forbidden';
    }
    if (!this.known().keys) return 'allowed';
    return callerOf(request)?.grant.allowsPurge(integration) ? 'allowed' : 'key';
  }

  private judgeOperations(request: IncomingMessage, requirement: Requirement): Verdict | Promise<Verdict> {
    if (requirement.kind === 'use' || requirement.kind === 'token') return { problem: notAtThisDoor() };
    if (requirement.kind !== 'purge' || this.operationsAreLocal) return ADMITTED;
    return this.known().keys ? this.judgeCaller(request, requirement) : { problem: forbiddenToCaller() };
  }

  private judgeCaller(request: IncomingMessage, requirement: Requirement): Verdict | Promise<Verdict> {
    // Without access the door is on loopback, and this machine may do everything but take tokens away.
    const { keys, jwt } = this.known();
    if (!keys) return requirement.kind === 'token' ? { problem: forbiddenToCaller() } : this.admitted(requirement);
    const presented = presentedCredential(request);
    this.takeOut(request, presented);
    const caller = this.callerOfKey(presented);
    // A key is checked at once, since a promise for each request would cost more than that.
    if (caller || presented.kind !== 'bearer' || !jwt.mayKnow(presented.value))
      return this.verdictOn(requirement, caller, presented);
    return jwt.callerOf(presented.value).then(
      (found) => this.verdictOn(requirement, found, presented),
      (error: unknown) => {
        if (!(error instanceof IssuerUnavailableError)) throw error;
        return { problem: issuerUnavailable() };
      },
    );
  }

  private verdictOn(requirement: Requirement, caller: Caller | undefined, presented: Presented): Verdict {
    if (!caller) return { problem: unknownCaller(presented.kind === 'none' ? undefined : 'invalid_token') };
    return this.isGranted(caller.grant, requirement)
      ? this.admitted(requirement, caller)
      : { caller, problem: forbiddenToCaller() };
  }

  private admitted(requirement: Requirement, caller?: Caller): Verdict {
    const isUse = requirement.kind === 'use' || requirement.kind === 'token';
    return { caller, integration: isUse ? requirement.integration : undefined };
  }

  private callerOfKey(presented: Presented): Caller | undefined {
    return 'value' in presented ? this.known().keys?.callerOf(presented.value) : undefined;
  }

  /** What could open a door is taken out even where another field opens it: it would be forwarded as the caller's own. */
  private takeOut({ headers }: IncomingMessage, presented: Presented): void {
    delete headers[KEY_HEADER];
    const own = presented.kind === 'bearer' ? presented : bearerOf(headers.authorization);
    const isTokenOfIssuer = own.kind === 'bearer' && this.known().jwt.mayKnow(own.value);
    if (own === presented || isTokenOfIssuer || this.callerOfKey(own)) delete headers.authorization;
  }

  private isGranted(grant: Grant, requirement: Requirement): boolean {
    switch (requirement.kind) {
      case 'use':
        return grant.allows(requirement.integration, requirement.method, requirement.path);
      case 'purge':
        return grant.allowsPurge(requirement.integration);
      case 'token':
        return grant.allowsToken(requirement.integration);
      case 'operations':
        return [...this.config.integrations.keys()].every((name) => grant.covers(name));
      case 'open':
      case 'any':
        return true;
    }
  }
}
