/** One process of one slot: a restarted worker keeps its slot and is another incarnation. */
export interface Incarnation {
  /** Names its files; never given twice. */
  id: string;
  slot: number;
  startedAt: number;
  pid: number;
}

export function incarnation(slot: number, startedAt: number, pid: number): Incarnation {
  return { id: `${slot}-${startedAt}-${pid}`, slot, startedAt, pid };
}

/** Reads an incarnation back from its id. */
export function parseIncarnation(id: string): Incarnation | undefined {
  const [, slot, startedAt, pid] = /^(\d+)-(\d+)-(\d+)$/.exec(id) ?? [];
  return pid === undefined ? undefined : incarnation(Number(slot), Number(startedAt), Number(pid));
}

/** Sorts the youngest first. */
export function newestFirst(a: Incarnation, b: Incarnation): number {
  return b.startedAt - a.startedAt || b.pid - a.pid;
}
