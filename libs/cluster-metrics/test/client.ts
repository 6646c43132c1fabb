/** One answer of `/metrics`. */
export interface Scrape {
  /** Process id of the worker that answered. */
  pid: number;
  /** Value of each series, by its name and labels in the text format. */
  series: Map<string, number>;
  types: Map<string, string>;
}

export interface WorkerStatus {
  slot: number;
  pid: number;
  up: boolean;
}

/** A client of the application; the cluster picks the worker. A request to a killed or stopped worker times out. */
export class Client {
  constructor(private readonly port: number) {}

  async hit(): Promise<void> {
    await this.fetch('/hit', { method: 'POST' });
  }

  async workers(): Promise<WorkerStatus[]> {
    return (await this.fetch('/workers')).json() as Promise<WorkerStatus[]>;
  }

  async scrape(): Promise<Scrape> {
    const response = await this.fetch('/metrics');
    const lines = (await response.text()).split('\n');
    return {
      pid: Number(response.headers.get('x-pid')),
      series: new Map(lines.filter(isSample).map((line) => splitAt(line, line.lastIndexOf(' ')))),
      types: new Map(lines.filter(isType).map((line) => line.split(' ').slice(2) as [string, string])),
    };
  }

  private async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      ...init,
      signal: AbortSignal.timeout(3000),
    });
    if (!response.ok) {
      throw new Error(`${path} answered ${response.status}`);
    }
    return response;
  }
}

/** The series that must never fall: every sample of counters and histograms. */
export function cumulative({ series, types }: Scrape): Map<string, number> {
  const kindOf = (sample: string) => {
    const name = sample.split('{')[0]!;
    return types.get(name) ?? types.get(name.replace(/_(bucket|sum|count)$/, ''));
  };
  return new Map([...series].filter(([sample]) => ['counter', 'histogram'].includes(kindOf(sample) ?? '')));
}

function isSample(line: string): boolean {
  return line !== '' && !line.startsWith('#');
}

function isType(line: string): boolean {
  return line.startsWith('# TYPE ');
}

function splitAt(line: string, at: number): [string, number] {
  return [line.slice(0, at), Number(line.slice(at))];
}
