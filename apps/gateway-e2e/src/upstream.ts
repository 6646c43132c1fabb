/** What the upstream saw. */
export class Upstream {
  constructor(readonly url: string) {}

  async stats(): Promise<{ requests: number; expiredSeen: number; credentials: string[] }> {
    return (await fetch(new URL('/stats', this.url))).json() as never;
  }
}
