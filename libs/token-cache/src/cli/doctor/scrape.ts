/** One series of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The scrapes of one moment: one of a whole PM2 application, or one of each process. */
export interface Scrapes {
  /** Epoch ms. */
  readonly at: number;
  /** The samples of each address. */
  readonly sources: readonly (readonly Sample[])[];
}

const TIMEOUT_MS = 10_000;
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** @throws Error that says which address did not answer, and how */
export async function scrape(addresses: readonly string[], headers: Record<string, string>): Promise<Scrapes> {
  const sources = await Promise.all(addresses.map(async (address) => samplesIn(await read(address, headers))));
  return { at: Date.now(), sources };
}

async function read(address: string, headers: Record<string, string>): Promise<string> {
  const response = await fetch(address, { headers, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`answered ${response.status}`);
  return await response.text();
}

/** The samples of the classic text format of Prometheus; lines that are none are left out. */
export function samplesIn(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
    if (name === undefined) return [];
    return [
      {
        name,
        labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, key, text]) => [key!, text!])),
        value: Number(value),
      },
    ];
  });
}
