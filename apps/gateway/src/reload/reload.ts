import { isDeepStrictEqual } from 'node:util';
import { TokenService } from '@mintonce/token-cache';
import { Injectable } from '@nestjs/common';
import { rethrowAsConfigError } from '../config/config.error.js';
import { type ConfigFile } from '../config/config.schema.js';
import { InjectConfig } from '../config/gateway-config.token.js';
import { type GatewayConfig } from '../config/load-config.js';
import { policyPathOf } from '../config/policy-path.js';
import { Upstreams } from '../proxy/upstreams.js';
import { integrationOptions } from '../tokens/tokens.module.js';

/** Options of the policy that the library reads once. */
const START_ONLY = ['nearCache', 'warmUpTimeoutMs'] as const;

/** Takes another configuration while the gateway serves: its integrations and their policy. */
@Injectable()
export class Reload {
  constructor(
    private readonly tokens: TokenService,
    private readonly upstreams: Upstreams,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  /**
   * Takes the integrations and the policy of `next`, all in one step: no request sees a part of it.
   *
   * @returns the sections that have changed as well and need a restart
   * @throws ConfigError naming the field; then nothing has changed
   */
  take(next: GatewayConfig): readonly string[] {
    const policy = { ...next.policy };
    for (const option of START_ONLY) delete policy[option];
    const integrations = integrationOptions(next);
    try {
      this.tokens.reconfigure({ ...policy, integrations });
    } catch (error) {
      rethrowAsConfigError(error, policyPathOf);
    }
    this.upstreams.replace(this.config, next);
    const former = this.config.file;
    const file = {
      ...former,
      integrations: next.file.integrations,
      policy: { ...next.file.policy, ...startOnly(former) },
    };
    const fixed = fixedSections(former, next.file);
    // Everybody reads the configuration from this one object, when it is needed.
    Object.assign(this.config, { integrations: next.integrations, policy: next.policy, file });
    return fixed;
  }
}

/** What differs beside integrations and policy. */
function fixedSections(former: ConfigFile, next: ConfigFile): readonly string[] {
  const names = new Set(Object.keys({ ...former, ...next })) as Set<keyof ConfigFile>;
  const fixed = [...names].filter((name) => !['integrations', 'policy'].includes(name));
  const changed: string[] = fixed.filter((name) => !isDeepStrictEqual(former[name], next[name]));
  const [was, is] = [startOnly(former), startOnly(next)];
  const options = START_ONLY.filter((option) => !isDeepStrictEqual(was[option], is[option]));
  return [...changed, ...options.map((option) => `policy.${option}`)];
}

function startOnly({ policy = {} }: ConfigFile): Partial<Record<(typeof START_ONLY)[number], unknown>> {
  return Object.fromEntries(START_ONLY.map((option) => [option, policy[option]]));
}
