import { INTEGRATION_NAMES, type IntegrationName } from './policy.js';

/** What may cost a mint and has no metric of its own, since it ends the one who would count, or comes from outside. */
export class Expenses {
  /** Workers that were killed: a mint in flight is lost, and what was counted in the last second with it. */
  kills = 0;
  /** Workers that were stopped for longer than a lease. */
  freezes = 0;
  reloads = 0;
  /** How often Redis lost what it had. */
  historiesLost = 0;
  readonly purges = Object.fromEntries(INTEGRATION_NAMES.map((name) => [name, 0])) as Record<IntegrationName, number>;
}
