/** One process in a slot. A restarted worker keeps its slot and is a new incarnation. */
export interface Incarnation {
  /** Base name of its files, `<slot>-<startedAt>-<pid>`; unique. */
  id: string;
  slot: number;
  /** Epoch ms at which the process started. */
  startedAt: number;
  pid: number;
}

/** The incarnation with its id. */
export function incarnation(slot: number, startedAt: number, pid: number): Incarnation {
  return { id: `${slot}-${startedAt}-${pid}`, slot, startedAt, pid };
}

/** The incarnation of an id; undefined for any other text. */
export function parseIncarnation(id: string): Incarnation | undefined {
  const [, slot, startedAt, pid] = /^(\d+)-(\d+)-(\d+)$/.exec(id) ?? [];
  return pid === undefined ? undefined : incarnation(Number(slot), Number(startedAt), Number(pid));
}

/** Comparator: the incarnation that started last comes first. */
export function newestFirst(a: Incarnation, b: Incarnation): number {
  return b.startedAt - a.startedAt || b.pid - a.pid;
}
