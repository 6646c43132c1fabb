/** The lines of a log without what differs from one to the next, and how often each was written. */
export function digestOf(log: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of log.split('\n')) {
    const text = line
      .replace(/\x1b\[[\d;]*m/g, '')
      .replace(/^.*?(?=(FATAL|ERROR|WARN)\b)/, '')
      .replace(/\d+/g, '#')
      .trim();
    if (text) counts[text] = (counts[text] ?? 0) + 1;
  }
  return counts;
}
