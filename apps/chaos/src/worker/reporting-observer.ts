import { TokenObserver } from '@mintonce/token-cache';
import { type Observation } from '../messages.js';
import { monotonicMs } from '../monotonic.js';

/** Tells the fleet of everything that is a metric, as it happens: a worker may be killed before anybody asks. */
export class ReportingObserver extends TokenObserver {
  /** When the store last answered what was asked for a caller. */
  acquiredAt = -Infinity;

  constructor(private readonly report: (observation: Observation) => void) {
    super();
  }

  override minted(
    _integration: string,
    { outcome, reason, durationMs }: { outcome: string; reason: string; durationMs: number },
  ): void {
    const at = monotonicMs();
    this.report({ name: 'minted', at, begunAt: at - durationMs, outcome, reason });
  }

  override leaseLost(): void {
    this.report({ name: 'leaseLost', at: monotonicMs() });
  }

  override superseded(): void {
    this.report({ name: 'superseded', at: monotonicMs() });
  }

  override rejected(_integration: string, outcome: string): void {
    this.report({ name: 'rejected', at: monotonicMs(), outcome });
  }

  override unreadable(): void {
    this.report({ name: 'unreadable', at: monotonicMs() });
  }

  override refreshFailed(_integration: string, code: string): void {
    this.report({ name: 'refreshFailed', at: monotonicMs(), reason: code });
  }

  override storeCalled(operation: string, _durationMs: number, failed: boolean): void {
    if (failed) this.report({ name: 'storeFailed', at: monotonicMs(), reason: operation });
    else if (operation === 'acquire') this.acquiredAt = monotonicMs();
  }
}
