import { isDeepStrictEqual } from 'node:util';
import { TokenService } from '@mintonce/token-cache';
import { isLoopback } from '@mintonce/token-cache/oauth';
import { Injectable } from '@nestjs/common';
import { ConfigError, rethrowAsConfigError } from '../config/config.error.js';
import { type ConfigFile } from '../config/config.schema.js';
import { InjectConfig } from '../config/gateway-config.token.js';
import { DEFAULT_LIMITS, type Limits } from '../config/limits.js';
import { type GatewayConfig } from '../config/load-config.js';
import { warnOfPlainHttp } from '../config/warn-of-plain-http.js';
import { policyPathOf } from '../config/policy-path.js';
import { Upstreams } from '../proxy/upstreams.js';
import { integrationOptions } from '../tokens/tokens.module.js';

/** What is read once, at the start, of the sections that are taken otherwise. */
const START_ONLY = {
  policy: ['nearCache', 'warmUpTimeoutMs'],
  limits: ['connections', 'inFlight'],
} as const;

const TAKEN: readonly string[] = ['integrations', 'access', ...Object.keys(START_ONLY)];

/** Takes another configuration while the gateway serves: its integrations and their policy, who may call, and callers' limits. */
@Injectable()
export class Reload {
  constructor(
    private readonly tokens: TokenService,
    private readonly upstreams: Upstreams,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  /**
   * Takes what can be taken of `next`, all in one step: no request sees a part of it.
   *
   * @returns the sections that have changed as well and need a restart
   * @throws ConfigError naming the field; then nothing has changed
   */
  take(next: GatewayConfig): readonly string[] {
    this.checkDoor(next);
    const policy = without(START_ONLY.policy, next.policy);
    const integrations = integrationOptions(next);
    try {
      this.tokens.reconfigure({ ...policy, integrations });
    } catch (error) {
      rethrowAsConfigError(error, policyPathOf);
    }
    this.upstreams.replace(this.config, next);
    const former = this.config.file;
    const fixed = fixedFields(former, next.file);
    const limits = { ...next.limits, ...only(START_ONLY.limits, this.config.limits ?? DEFAULT_LIMITS) } as Limits;
    const file = {
      ...former,
      integrations: next.file.integrations,
      access: next.file.access,
      policy: { ...without(START_ONLY.policy, next.file.policy), ...only(START_ONLY.policy, former.policy) },
      limits,
    };
    const access = isDeepStrictEqual(this.config.access, next.access) ? this.config.access : next.access;
    // Everybody reads the configuration from this one object, when it is needed.
    Object.assign(this.config, { integrations: next.integrations, policy: next.policy, access, limits, file });
    warnOfPlainHttp(this.config);
    return fixed;
  }

  /** The file may listen elsewhere and ask for no credential there; the door that is open now stays where it is. */
  private checkDoor({ access }: GatewayConfig): void {
    if (access || isLoopback(this.config.host)) return;
    const problem =
      'must say who may call for as long as the gateway listens beyond loopback: a change of listen waits for a restart';
    throw new ConfigError([{ path: 'access', problem }]);
  }
}

/** What differs beside that which is taken. */
function fixedFields(former: ConfigFile, next: ConfigFile): readonly string[] {
  const names = new Set(Object.keys({ ...former, ...next })) as Set<keyof ConfigFile>;
  const fixed = [...names].filter((name) => !TAKEN.includes(name) && !isDeepStrictEqual(former[name], next[name]));
  const differs = (section: 'policy' | 'limits') =>
    START_ONLY[section].flatMap((field) => {
      const [was, is] = [former, next].map((file) => only([field], sectionOf(file, section)));
      return isDeepStrictEqual(was, is) ? [] : [`${section}.${field}`];
    });
  return [...fixed, ...differs('limits'), ...differs('policy')];
}

function sectionOf({ policy, limits = DEFAULT_LIMITS }: ConfigFile, section: 'policy' | 'limits'): object | undefined {
  return section === 'policy' ? policy : limits;
}

function only(fields: readonly string[], section: object = {}): object {
  return Object.fromEntries(Object.entries(section).filter(([name]) => fields.includes(name)));
}

function without(fields: readonly string[], section: object = {}): object {
  return Object.fromEntries(Object.entries(section).filter(([name]) => !fields.includes(name)));
}
