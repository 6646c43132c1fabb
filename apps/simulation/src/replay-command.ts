/** All that decides what a run is like. */
export interface Replay {
  readonly seed?: number | undefined;
  readonly schedule?: string | undefined;
  readonly mutation?: string | undefined;
  readonly fault?: readonly string[] | undefined;
  readonly faults?: string | undefined;
  /** What of its history is printed: what concerns these requests. */
  readonly key?: readonly string[] | undefined;
  /** Another build than the one in the workspace. */
  readonly library?: string | undefined;
}

/** The command that lives through the same run again and prints its history; a shell takes it as it is. */
export function replayCommand({ seed, schedule, mutation, fault, faults, key, library }: Replay): string {
  const flags = [
    ...flag('mutation', mutation),
    ...flag('schedule', schedule),
    ...flag('seed', seed?.toString()),
    ...flag('faults', faults),
    ...(fault ?? []).flatMap((name) => flag('fault', name)),
    ...(key ?? []).flatMap((label) => flag('key', label)),
    ...flag('library', library),
  ];
  return ['npm run simulate --', ...flags].join(' ');
}

function flag(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`--${name} ${quoted(value)}`];
}

/** For a POSIX shell. */
function quoted(value: string): string {
  return /^[\w./:-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
