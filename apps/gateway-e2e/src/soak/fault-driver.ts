import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault } from './fault.js';
import { type Scheduled } from './fault-schedule.js';
import { type FaultWindow } from './fault-window.js';
import { complete, recovered } from './recovery.js';
import { type RunningRig } from './rig.js';

export interface Limits {
  readonly strikes: number;
  readonly endsAt: number;
  /** Workers are ended until that moment only. */
  readonly restartsUntil: number;
}

/** Breaks one thing after another, each after the fleet got over the one before. */
export class FaultDriver {
  readonly windows: FaultWindow[] = [];
  /** Every worker that was seen at work. */
  readonly pids = new Set<number>();

  constructor(
    private readonly rig: RunningRig,
    private readonly workers: number,
    private readonly say: (line: string) => void,
  ) {}

  /** Goes on until that moment, or until that many faults have struck. */
  async run(schedule: Iterator<Scheduled, never>, { strikes, endsAt, restartsUntil }: Limits): Promise<void> {
    await this.remember();
    while (performance.now() < endsAt && this.windows.length < strikes) {
      const { fault, afterMs, chance } = schedule.next().value;
      await sleep(Math.max(0, Math.min(afterMs, endsAt - performance.now())));
      if (fault.endsWorkers && performance.now() > restartsUntil) continue;
      if (performance.now() < endsAt) await this.suffer(fault, () => fault.inject(this.rig, chance));
    }
  }

  private async suffer(
    { name, excuses = [], healingMs = 0, endsWorkers }: Fault,
    inject: () => Promise<void>,
  ): Promise<void> {
    const window: FaultWindow = { name, excuses, healingMs, startedAt: performance.now(), endedAt: Infinity };
    this.windows.push(window);
    const failed = await inject().catch((error: Error) => error);
    window.endedAt = performance.now();
    if (failed) window.problem = failed.message;
    if (endsWorkers) await this.workersAreBack();
    window.recoveryMs = failed ? undefined : await recovered(this.rig.fleet, this.workers);
    const lastedMs = Math.round(window.endedAt - window.startedAt);
    this.say(`${name}: ${failed ? failed.message : `${lastedMs} ms, ${healed(window)}`}`);
  }

  private async workersAreBack(): Promise<void> {
    await complete(this.rig.fleet);
    await this.remember();
  }

  private async remember(): Promise<void> {
    for (const pid of await this.rig.workers()) this.pids.add(pid);
  }
}

function healed({ recoveryMs }: FaultWindow): string {
  return recoveryMs === undefined ? 'NOT HEALED' : `healed ${Math.round(recoveryMs)} ms later`;
}
