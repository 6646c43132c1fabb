// How the page says things.
const STATES = {
  valid: 'has a token',
  missing: 'no token yet',
  cooling: 'cooling down',
  unknown: 'store does not answer',
};

export const stateText = (state) => STATES[state] ?? state;

export const countText = (count) => count.toLocaleString('en').replaceAll(',', ' ');

/** `4 min 12 s`: the two largest units. */
export function durationText(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const units = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const first = units.findIndex(([size]) => seconds >= size);
  if (first === -1) return '0 s';
  const [size, name] = units[first];
  const whole = `${Math.floor(seconds / size)} ${name}`;
  const [nextSize, nextName] = units[first + 1] ?? [];
  const rest = nextSize ? Math.floor((seconds % size) / nextSize) : 0;
  return rest > 0 ? `${whole} ${rest} ${nextName}` : whole;
}
