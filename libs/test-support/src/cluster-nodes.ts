/** A line of CLUSTER NODES. */
export interface ClusterNode {
  readonly id: string;
  readonly port: number;
  readonly isMaster: boolean;
  /** In the eyes of the node that was asked. */
  readonly isFailing: boolean;
  /** The id of its master, if it is a replica. */
  readonly master?: string;
  /** First and last slot of each range; those on their way elsewhere are still here. */
  readonly ranges: readonly (readonly [number, number])[];
}

export function parseClusterNodes(text: string): ClusterNode[] {
  return text.trim().split('\n').map(parseLine);
}

export function holdsSlot({ isMaster, isFailing, ranges }: ClusterNode, slot: number): boolean {
  return isMaster && !isFailing && ranges.some(([first, last]) => first <= slot && slot <= last);
}

/** `<id> <ip:port@bus> <flags> <master> <ping> <pong> <epoch> <link> <slot> ...` */
function parseLine(line: string): ClusterNode {
  const [id = '', address = '', flags = '', master = '-', , , , , ...slots] = line.trim().split(' ');
  return {
    id,
    port: Number(/:(\d+)@/.exec(address)?.[1]),
    isMaster: flags.includes('master'),
    isFailing: /fail|noaddr|handshake/.test(flags),
    ...(master !== '-' && { master }),
    ranges: slots.filter((range) => !range.startsWith('[')).map(parseRange),
  };
}

function parseRange(range: string): [number, number] {
  const [first = '', last = first] = range.split('-');
  return [Number(first), Number(last)];
}
