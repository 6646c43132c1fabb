/** Names a fence for a reader: a fence is a server's clock in microseconds. */
export type NameFence = (fence: number) => string;

/** The fences of each request in the order in which a reader meets them: #1, #2 and so on. */
export class FenceNames {
  private readonly known = new Map<string, Map<number, string>>();

  /** @param label of the request, or anything else that tells keys apart */
  of(label: string): NameFence {
    const names = this.known.get(label) ?? new Map<number, string>();
    this.known.set(label, names);
    return (fence) => {
      const name = names.get(fence) ?? `#${names.size + 1}`;
      names.set(fence, name);
      return name;
    };
  }
}
