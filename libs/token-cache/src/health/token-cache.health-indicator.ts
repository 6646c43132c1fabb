import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { type IntegrationStatus } from '../core/contract/token-status.js';
import { TokenService } from '../nest/token.service.js';

/** Probes within this time share one result, since each run writes to the store. */
const SHARED_FOR_MS = 1_000;

/** Health of one integration; holds nothing of the token itself. */
export interface IntegrationHealth {
  /** State of the token in this process and in the store. */
  readonly state: IntegrationStatus['state'];
  /** Seconds until the token expires, rounded; absent while there is none. */
  readonly expiresInSeconds?: number;
  /** `code` of the last failure that this process saw; absent after the next success. */
  readonly lastErrorCode?: string;
}

/**
 * A health indicator of terminus: whether tokens can be obtained. It asks the store and never a token source, so that a probe
 * never mints. Register it as a provider, in a module that imports `TerminusModule`.
 *
 * @example
 * this.health.check([() => this.tokenCache.isHealthy()])
 */
@Injectable()
export class TokenCacheHealthIndicator {
  private latest?: { startedAt: number; health: Promise<TokenCacheHealth> };

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly tokens: TokenService,
  ) {}

  /**
   * - `up`: every integration can be served.
   * - `degraded`: a source is in its cool-down, or the store does not answer and requests are still served, by valid tokens or
   *   by the policy `mint-locally`. Terminus 11 has no such state; the result is then `up` with `degraded: true`.
   * - `down`: no integration can be served.
   *
   * Never throws for a failure of the store or of a source. The details are one `IntegrationHealth` per integration.
   *
   * @param key name of the indicator in the health report. @defaultValue `'token-cache'`
   */
  async isHealthy<const Key extends string = 'token-cache'>(
    key = 'token-cache' as Key,
  ): Promise<HealthIndicatorResult<Key>> {
    const { status, details } = await this.shared();
    const check = this.indicators.check(key);
    if (status === 'down') return check.down(details);
    if (status === 'up') return check.up(details);
    const hasDegraded = typeof check.degraded === 'function';
    return hasDegraded ? check.degraded(details) : check.up({ ...details, degraded: true });
  }

  private shared(): Promise<TokenCacheHealth> {
    const now = performance.now();
    if (!this.latest || now - this.latest.startedAt > SHARED_FOR_MS) {
      this.latest = { startedAt: now, health: this.examine() };
    }
    return this.latest.health;
  }

  private async examine(): Promise<TokenCacheHealth> {
    const [storeAvailable, ...statuses] = await Promise.all([
      this.tokens.storeAvailable(),
      ...this.tokens.integrations.map((name) => this.tokens.status(name)),
    ]);
    const isDown = statuses.length > 0 && !statuses.some((status) => this.canServe(status, storeAvailable));
    const isUp = storeAvailable && statuses.every(({ coolingMs }) => coolingMs === undefined);
    const integrations = Object.fromEntries(statuses.map((status) => [status.integration, healthOf(status)]));
    return {
      status: isDown ? 'down' : isUp ? 'up' : 'degraded',
      details: { store: storeAvailable ? 'up' : 'down', integrations },
    };
  }

  /** A cool-down does not count: it holds for the whole fleet, so taking this process out of service would not help. */
  private canServe({ integration, state }: IntegrationStatus, storeAvailable: boolean): boolean {
    return state === 'valid' || storeAvailable || this.tokens.canMintWithoutStore(integration);
  }
}

interface TokenCacheHealth {
  status: 'up' | 'degraded' | 'down';
  details: { store: 'up' | 'down'; integrations: Record<string, IntegrationHealth> };
}

function healthOf({ state, expiresAt, lastErrorCode }: IntegrationStatus): IntegrationHealth {
  return {
    state,
    expiresInSeconds: expiresAt === undefined ? undefined : Math.round((expiresAt - Date.now()) / 1_000),
    lastErrorCode,
  };
}
