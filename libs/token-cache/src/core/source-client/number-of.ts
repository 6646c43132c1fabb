/** A finite number, or text that is one; undefined for anything else. Servers state numbers as text, too. */
export function numberOf(value: unknown): number | undefined {
  const isText = typeof value === 'string' && value.trim() !== '';
  const number = typeof value === 'number' || isText ? Number(value) : NaN;
  return Number.isFinite(number) ? number : undefined;
}
