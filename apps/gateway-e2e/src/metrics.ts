import { request, Agent } from 'undici';

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const unpooled = new Agent({ pipelining: 0 });

/** One scrape, answered by whichever worker gets the connection. */
export async function scrape(gateway: string): Promise<Sample[]> {
  const { body } = await request(`${gateway}/metrics`, { dispatcher: unpooled });
  return [...(await body.text()).matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name = '', labels = '', value]) => ({
    name,
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text])),
    value: Number(value),
  }));
}

/** The sum over all series of that name. */
export function total(samples: readonly Sample[], name: string): number {
  return samples.filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0);
}
