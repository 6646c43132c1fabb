/** One instruction of a Dockerfile on one line, such as `COPY` and `--from=build /app ./`. */
export interface Instruction {
  readonly keyword: string;
  readonly text: string;
}

export interface Stage {
  readonly name: string;
  /** An earlier stage, or an image of a registry. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** Reads the stages of a Dockerfile, with the defaults of its arguments filled in. */
export function parseDockerfile(source: string): Stage[] {
  const stages: (Stage & { instructions: Instruction[]; args: Map<string, string> })[] = [];
  const globals = new Map<string, string>();
  for (const line of logicalLines(source)) {
    const [, keyword = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    const stage = stages.at(-1);
    const args = stage?.args ?? globals;
    const text = rest.replace(/\$\{(\w+)\}/g, (reference, name) => args.get(name) ?? globals.get(name) ?? reference);
    if (keyword === 'ARG') args.set(...entryOf(text));
    else if (keyword === 'FROM') {
      const [from = '', , name = ''] = rest.replace(/\$\{(\w+)\}/g, (_, arg) => globals.get(arg) ?? '').split(/\s+/);
      stages.push({ name, from, instructions: [], args: new Map() });
    } else stage?.instructions.push({ keyword, text });
  }
  return stages;
}

/** A stage after all those that it is made from, one by one. */
export function lineageOf(name: string, stages: readonly Stage[]): Stage[] {
  const stage = stages.find((candidate) => candidate.name === name);
  return stage ? [...lineageOf(stage.from, stages), stage] : [];
}

/** `COPY` as its source stage, if any, the sources and the destination. */
export function copyOf({ text }: Instruction): { from?: string; sources: string[]; destination: string } {
  const words = text.split(/\s+/);
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const paths = words.filter((word) => !word.startsWith('--'));
  return { ...(from && { from }), sources: paths.slice(0, -1), destination: paths.at(-1) ?? '' };
}

/** `ENV` or `LABEL` as pairs; the value may be quoted. */
export function pairsOf({ text }: Instruction): [string, string][] {
  return [...text.matchAll(/([\w.]+)=("[^"]*"|\S+)/g)].map(([, name = '', value = '']) => [
    name,
    value.replace(/^"|"$/g, ''),
  ]);
}

/** The words of `CMD` and of the command of `HEALTHCHECK`, which are both given as JSON. */
export function commandOf({ text }: Instruction): string[] {
  return JSON.parse(text.slice(text.indexOf('['))) as string[];
}

function logicalLines(source: string): string[] {
  const lines = source.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  return lines
    .join('\n')
    .replace(/\s*\\\n\s*/g, ' ')
    .split('\n');
}

function entryOf(text: string): [string, string] {
  const [name = '', value = ''] = text.split('=', 2);
  return [name, value];
}
