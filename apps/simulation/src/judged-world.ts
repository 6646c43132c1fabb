import { type About, type History } from './history.js';
import { type IdentityProvider } from './identity-provider.js';
import { type Process } from './process.js';
import { type StoreServer } from './store-server.js';
import { type Verdict } from './verdict.js';
import { type VirtualTime } from './virtual-time.js';
import { type Weather } from './weather.js';

/** The world as its judges know it: the truth behind what processes see. */
export interface JudgedWorld {
  readonly time: VirtualTime;
  readonly history: History;
  readonly verdict: Verdict;
  readonly weather: Weather;
  readonly server: StoreServer;
  readonly idp: IdentityProvider;
  readonly processes: readonly Process[];
  readonly everyone: readonly Process[];
  readonly keyIds: ReadonlyMap<string, string>;
  say(who: string, what: string, about?: About): void;
}
