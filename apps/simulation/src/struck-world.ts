import { type About } from './history.js';
import { type IdentityProvider } from './identity-provider.js';
import { type Process } from './process.js';
import { type KnownRequest } from './requests.js';
import { type StoreServer } from './store-server.js';
import { type Upstream } from './upstream.js';
import { type Weather } from './weather.js';

/** The world as faults know it: what they break, and how it is mended. */
export interface StruckWorld {
  readonly weather: Weather;
  readonly server: StoreServer;
  readonly idp: IdentityProvider;
  readonly upstream: Upstream;
  readonly requests: readonly KnownRequest[];
  readonly processes: readonly Process[];
  readonly holders: ReadonlySet<string>;
  readonly keyIds: ReadonlyMap<string, string>;
  readonly time: { readonly now: number };
  /** What is to happen when the mint of a request begins. */
  readonly mintTraps: Map<string, (process: Process) => void>;
  readonly traps: Map<string, () => void>;
  say(who: string, what: string, about?: About): void;
  later(delayMs: number, run: () => void): void;
  start(): Process;
  kill(process: Process): void;
  pause(process: Process): void;
  suspend(process: Process): void;
  resume(process: Process, timersFirst?: boolean): void;
  shutDown(process: Process): void;
  ask(process: Process, request: KnownRequest, asking?: { readonly leavesAfterMs?: number }): void;
  askAll(request: KnownRequest): void;
  purge(process: Process, request: KnownRequest): void;
  purgeAll(process: Process, integration: string): void;
  calmLinks(processes: readonly Process[]): void;
  calmUpstream(): void;
  bringServerUp(): void;
  resumeServer(): void;
}
