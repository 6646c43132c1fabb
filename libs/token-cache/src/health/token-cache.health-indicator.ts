import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { type IntegrationStatus } from '../core/contract/token-status.js';
import { TokenService } from '../nest/token.service.js';

/** One run serves all who ask within this time: probes of many workers would otherwise all write to the store. */
const SHARED_FOR_MS = 1_000;

/** What a health check tells of one integration. */
export interface IntegrationHealth {
  readonly state: IntegrationStatus['state'];
  readonly expiresInSeconds?: number;
  readonly lastErrorCode?: string;
}

/** Tells whether tokens can be had. It asks the store and never a token source, so that no probe mints. */
@Injectable()
export class TokenCacheHealthIndicator {
  private latest?: { startedAt: number; health: Promise<TokenCacheHealth> };

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly tokens: TokenService,
  ) {}

  /**
   * `up` when every integration can be served; `degraded` (with terminus 11, which has no such state, `up` and
   * `degraded: true`) while a source is left alone after a failure, or the store does not answer but policy or the tokens
   * in hand let requests be served; `down` only when none could be.
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

  /** A source that is left alone for a while is no reason to take this process out: to the others it is the same. */
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
    ...(expiresAt !== undefined && { expiresInSeconds: Math.round((expiresAt - Date.now()) / 1_000) }),
    ...(lastErrorCode && { lastErrorCode }),
  };
}
