import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { type ConfigError, type ConfigProblem } from './config.error.js';
import { markReferences } from './environment-references.js';

/** The message of an error, a line for each problem: with file and line where the field is in the YAML text, as compilers do. */
export function explainConfig({ problems }: ConfigError, fileName: string, yaml: string | undefined): string {
  const find = yaml === undefined ? () => undefined : lineFinder(yaml);
  return problems.map((problem) => explain(problem, fileName, find(problem.path))).join('\n');
}

function explain({ path, problem, isOfText }: ConfigProblem, fileName: string, line: number | undefined): string {
  const place = line === undefined ? '' : `${fileName}:${line}: `;
  return `${isOfText ? `${fileName}: ` : place}${path}: ${problem}`;
}

/** Finds the line of a field, or of the section that should hold it. */
function lineFinder(yaml: string): (path: string) => number | undefined {
  const lines = new LineCounter();
  const document = parseDocument(markReferences(yaml), { lineCounter: lines });
  return (path) => {
    let node: unknown = document.contents;
    let start: number | undefined;
    for (const segment of path.split('.')) {
      const found = entryOf(node, segment);
      if (!found) break;
      start = found.at.range?.[0] ?? start;
      node = found.value;
    }
    return start === undefined ? undefined : lines.linePos(start).line;
  };
}

function entryOf(node: unknown, segment: string): { at: Node; value: unknown } | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(segment)] as Node | undefined;
    return item && { at: item, value: item };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === segment);
  return pair && { at: pair.key as Node, value: pair.value };
}
