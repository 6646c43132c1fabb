import { type UpstreamStatistics } from '../upstream-stats.js';
import { post, read } from './control.js';

/** What the upstream saw. */
export class UpstreamClient {
  constructor(readonly url: string) {}

  stats(): Promise<UpstreamStatistics> {
    return read(new URL('/stats', this.url));
  }

  reset(): Promise<void> {
    return post(new URL('/stats/reset', this.url));
  }
}
