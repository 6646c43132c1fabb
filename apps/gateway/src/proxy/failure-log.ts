import { Injectable, Logger } from '@nestjs/common';

const SILENCE_MS = 10_000;

/** Logs failures, the same one at most every 10 s: an outage must not flood the log. */
@Injectable()
export class FailureLog {
  private readonly logger = new Logger('Proxy');
  private readonly loggedAt = new Map<string, number>();

  failed(integration: string, code: string): void {
    const line = `${integration}: ${code}`;
    const now = performance.now();
    if (now - (this.loggedAt.get(line) ?? -Infinity) < SILENCE_MS) return;
    this.loggedAt.set(line, now);
    this.logger.warn(line);
  }
}
