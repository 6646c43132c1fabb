import { request, Agent } from 'undici';

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
  /** Of the family, as its `# TYPE` line says. */
  type: string;
}

const unpooled = new Agent({ pipelining: 0, headersTimeout: 20_000 });

/** One scrape, answered by whichever worker gets the connection. */
export async function scrape(gateway: string): Promise<Sample[]> {
  const { body } = await request(`${gateway}/metrics`, { dispatcher: unpooled });
  return samplesOf(await body.text());
}

/** Reads the classic text format. */
export function samplesOf(exposition: string): Sample[] {
  const types = new Map([...exposition.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name, type]));
  const typeOf = (name: string): string =>
    types.get(name) ?? types.get(name.replace(/_(bucket|sum|count)$/, '')) ?? 'untyped';
  return [...exposition.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name = '', labels = '', value]) => ({
    name,
    labels: Object.fromEntries(
      [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']): [string, string] => [
        key,
        text,
      ]),
    ),
    value: Number(value),
    type: typeOf(name),
  }));
}

/** The sum over all series of that name, of those with these labels only. */
export function total(samples: readonly Sample[], name: string, labels: Record<string, string> = {}): number {
  return samples
    .filter(
      (sample) => sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
    )
    .reduce((sum, { value }) => sum + value, 0);
}
