import { type IdentityProviderClient } from '@mintonce/demo';
import { INTEGRATIONS, INTEGRATION_NAMES, type IntegrationName } from './policy.js';

interface Call {
  readonly integration: IntegrationName;
  readonly isGiven: boolean;
}

/** Every call that the identity provider ever had; it remembers the last thousand only. */
export class IdpWitness {
  private readonly calls = new Map<number, Call>();

  constructor(private readonly idp: IdentityProviderClient) {}

  async look(): Promise<void> {
    const { calls } = await this.idp.stats();
    for (const { startedAt, clientId, status } of calls) {
      this.calls.set(startedAt, { integration: integrationOf(clientId), isGiven: status === 200 });
    }
  }

  /** When the calls for that integration began; epoch ms. */
  startsOf(name: IntegrationName): number[] {
    return [...this.calls].flatMap(([startedAt, { integration }]) => (integration === name ? [startedAt] : []));
  }

  /** How many tokens of that integration were handed out. */
  givenTo(name: IntegrationName): number {
    return [...this.calls.values()].filter(({ integration, isGiven }) => integration === name && isGiven).length;
  }

  get lastStartedAt(): number {
    return Math.max(0, ...this.calls.keys());
  }
}

/** A client that writes its name into the body is not known to a provider that fails before it reads that. */
function integrationOf(clientId: string | undefined): IntegrationName {
  const known = INTEGRATION_NAMES.find((name) => INTEGRATIONS[name].clientId === clientId);
  return known ?? INTEGRATION_NAMES.find((name) => INTEGRATIONS[name].clientAuth === 'client_secret_post') ?? 'other';
}
