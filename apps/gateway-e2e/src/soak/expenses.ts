import { INTEGRATION_NAMES, type IntegrationName } from './policy.js';

/** What may cost a mint and has no metric of its own, since it ends the one who would count, or comes from outside. */
export class Expenses {
  /** Workers that were killed: a mint in flight is lost, and what was counted in the last second with it. */
  kills = 0;
  /** Workers that stood still for a while. */
  freezes = 0;
  /** Requests to the identity provider that never reached it. */
  refused = 0;
  reloads = 0;
  /** How often Redis lost what it had. */
  historiesLost = 0;
  readonly purges = Object.fromEntries(INTEGRATION_NAMES.map((name) => [name, 0])) as Record<IntegrationName, number>;
}
