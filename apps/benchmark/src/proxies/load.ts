import { Pool } from 'undici';
import { quantile } from '../harness/spread.js';
import { processorNsOf } from './processor-time.js';
import { type Proxy } from './proxy.js';

const CONNECTIONS = 64;

/** What one proxy did in one round. */
export interface Performance {
  readonly perSecond: number;
  /** Requests in a second of the processor's time, which is what a process can do that has a core for itself. */
  readonly perProcessorSecond: number;
  readonly p99Ms: number;
}

/** Requests over 64 connections that stay open, each as soon as the one before is answered. */
export class Load {
  private readonly pool: Pool;
  private readonly path: string;

  constructor(private readonly proxy: Proxy) {
    const { origin, pathname } = new URL(proxy.url);
    this.pool = new Pool(origin, { connections: CONNECTIONS });
    this.path = `${pathname}item`;
  }

  async run(ms: number): Promise<Performance> {
    const durations: number[] = [];
    const startedAt = performance.now();
    const processorNs = processorNsOf(this.proxy.pid);
    const connection = async (): Promise<void> => {
      while (performance.now() - startedAt < ms) durations.push(await this.request());
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, connection));
    const processorSeconds = (processorNsOf(this.proxy.pid) - processorNs) / 1e9;
    return {
      perSecond: (durations.length * 1_000) / (performance.now() - startedAt),
      perProcessorSecond: durations.length / processorSeconds,
      p99Ms: quantile(durations, 0.99),
    };
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private async request(): Promise<number> {
    const sentAt = performance.now();
    const { statusCode, body } = await this.pool.request({ path: this.path, method: 'GET' });
    const { byteLength } = await body.arrayBuffer();
    if (statusCode !== 200 || byteLength !== 1_024) throw new Error(`${this.proxy.name} answered ${statusCode}`);
    return performance.now() - sentAt;
  }
}
