/** One integration leaves this part of the requests to the others, so that a slow upstream does not stop them. */
const LARGEST_SHARE = 1 / 2;

/** The requests of a worker in flight, within a limit for all of them and one for each integration. */
export class InFlight {
  private total = 0;
  private readonly byIntegration = new Map<string, number>();

  constructor(private readonly limit: number) {}

  /** @param integrations how many there are; the only one may take all */
  hasPlace(integration: string, integrations: number): boolean {
    const share = integrations > 1 ? Math.ceil(this.limit * LARGEST_SHARE) : this.limit;
    return this.total < this.limit && (this.byIntegration.get(integration) ?? 0) < share;
  }

  add(integration: string): void {
    this.total++;
    this.byIntegration.set(integration, (this.byIntegration.get(integration) ?? 0) + 1);
  }

  remove(integration: string): void {
    this.total--;
    const left = (this.byIntegration.get(integration) ?? 1) - 1;
    if (left > 0) this.byIntegration.set(integration, left);
    else this.byIntegration.delete(integration);
  }
}
