import { type LogLevel } from '../log/log-level.js';
import { type Log, openLog } from '../log/log.js';

/** A log that keeps its lines for a test. */
export interface CapturedLog {
  readonly log: Log;
  readonly lines: Record<string, unknown>[];
  /** Those that are audit lines. */
  readonly auditLines: Record<string, unknown>[];
  /** The lines as they would be written. */
  text(): string;
}

export function capturedLog(level: LogLevel = 'info'): CapturedLog {
  const lines: Record<string, unknown>[] = [];
  const auditLines: Record<string, unknown>[] = [];
  let text = '';
  const write = (line: string) => {
    text += line;
    const fields = JSON.parse(line) as Record<string, unknown>;
    lines.push(fields);
    if ('audit' in fields) auditLines.push(fields);
  };
  return { log: openLog(level, { write }), lines, auditLines, text: () => text };
}
