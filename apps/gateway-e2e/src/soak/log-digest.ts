/** A warning or an error; a request's line has a code of its own in place of a text. */
interface Line {
  readonly level?: string;
  readonly context?: string;
  readonly msg?: string;
  readonly status?: number;
  readonly code?: string;
  readonly cause?: string;
}

/** The warnings and errors of a log without what differs from one to the next, and how often each was written. */
export function digestOf(log: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of log.split('\n')) {
    const text = textOf(line);
    if (text) counts[text] = (counts[text] ?? 0) + 1;
  }
  return counts;
}

function textOf(line: string): string {
  const { level, context, msg, status, code, cause } = parsed(line);
  if (level === 'info' || level === 'debug') return '';
  return [level, context, msg?.replace(/\d+/g, '#'), status, code, cause]
    .filter((part) => part !== undefined)
    .join(' ');
}

/** What is no line of the log, such as one of PM2, is told as it is. */
function parsed(line: string): Line {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return { msg: line.trim() };
  }
}
