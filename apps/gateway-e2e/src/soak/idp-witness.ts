import { type IdentityProviderClient } from '@mintonce/demo';
import { RESPONSE_INVALID, UNAUTHORIZED } from './causes.js';
import { type FaultWindow } from './fault-window.js';
import { COOLDOWN_MS, INTEGRATIONS, INTEGRATION_NAMES, type IntegrationName, MINT_MS } from './policy.js';

export const REVOKES_ALL = 'identity provider revokes all tokens';
/** All workers have made a request by then, with which they take a new token of another. */
const ADOPTION_MS = 1_000;

/** A provider that repeats a token is asked for it so often in its life. */
const MOST_CALLS_OF_A_LIFE = 4;

interface Call {
  readonly integration: IntegrationName;
  readonly isGiven: boolean;
  /** When a token was handed out that was stated to be over; monotonic ms. */
  readonly lifelessAt?: number;
  /** How often its token had been given before, if that was stated to live on. */
  readonly repeats: number;
}

/** Every call that the identity provider ever had; it remembers the last thousand only. */
export class IdpWitness {
  private readonly calls = new Map<number, Call>();

  constructor(private readonly idp: IdentityProviderClient) {}

  async look(): Promise<void> {
    const { calls } = await this.idp.stats();
    for (const { startedAt, endedAt = startedAt, clientId, status, repeats = 0, expiresInS } of calls) {
      this.calls.set(startedAt, {
        integration: integrationOf(clientId),
        isGiven: status === 200,
        repeats: expiresInS === 0 ? 0 : repeats,
        ...(expiresInS === 0 && { lifelessAt: endedAt - performance.timeOrigin }),
      });
    }
  }

  /** When the calls for that integration began; epoch ms. */
  startsOf(name: IntegrationName): number[] {
    return [...this.calls].flatMap(([startedAt, { integration }]) => (integration === name ? [startedAt] : []));
  }

  /** When those began that may have begun a life; epoch ms. */
  birthsOf(name: IntegrationName): number[] {
    return [...this.calls].flatMap(([startedAt, { integration, repeats }]) =>
      integration === name && repeats === 0 ? [startedAt] : [],
    );
  }

  /** Answers that brought a token of that integration again, as far as the promise allows for them. */
  repeatsFor(name: IntegrationName): number {
    return [...this.calls.values()].filter(
      ({ integration, repeats }) => integration === name && repeats > 0 && repeats < MOST_CALLS_OF_A_LIFE,
    ).length;
  }

  /** The times of the answers that stated no life, for whose tokens there is no successor yet. */
  lifelessAnswers(): FaultWindow[] {
    return [...this.calls.values()].flatMap(({ lifelessAt }) =>
      lifelessAt === undefined ? [] : [lifeless(lifelessAt)],
    );
  }

  /** The revocations of a new token together with the one before it, which other workers still sent. */
  revokedPairs(faults: readonly FaultWindow[]): FaultWindow[] {
    return faults.filter((fault) => fault.name === REVOKES_ALL && this.gaveJustBefore(fault)).map(revokedPair);
  }

  private gaveJustBefore({ startedAt, endedAt }: FaultWindow): boolean {
    return [...this.calls].some(([beganAt, { isGiven }]) => {
      const givenAt = beganAt - performance.timeOrigin;
      return isGiven && givenAt > startedAt - ADOPTION_MS && givenAt < endedAt;
    });
  }

  /** How many tokens of that integration were handed out. */
  givenTo(name: IntegrationName): number {
    return [...this.calls.values()].filter(({ integration, isGiven }) => integration === name && isGiven).length;
  }

  get lastStartedAt(): number {
    return Math.max(0, ...this.calls.keys());
  }
}

/** Nobody has a token from its end by the safety margin until its provider gives another, after the cool-down. */
function lifeless(at: number): FaultWindow {
  return {
    name: 'a token that is over',
    excuses: [{ cause: RESPONSE_INVALID }],
    healingMs: COOLDOWN_MS + MINT_MS,
    startedAt: at,
    endedAt: at,
  };
}

/** A request is sent again once: whoever meets both first is refused twice. */
function revokedPair({ startedAt, endedAt }: FaultWindow): FaultWindow {
  return {
    name: 'a token and its successor revoked',
    excuses: [{ cause: UNAUTHORIZED }],
    healingMs: ADOPTION_MS,
    startedAt,
    endedAt,
  };
}

/** A client that writes its name into the body is not known to a provider that fails before it reads that. */
function integrationOf(clientId: string | undefined): IntegrationName {
  const known = INTEGRATION_NAMES.find((name) => INTEGRATIONS[name].clientId === clientId);
  return known ?? INTEGRATION_NAMES.find((name) => INTEGRATIONS[name].clientAuth === 'client_secret_post') ?? 'other';
}
