import { createRequire } from 'node:module';
import { join } from 'node:path';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';

/** An object of Kubernetes, as a manifest states it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

export function readManifest(text: string): KubernetesObject[] {
  // Kubernetes reads YAML 1.1.
  return parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS() as KubernetesObject);
}

/** What the API would refuse in an object by the schema of its kind, which allows fields that it does not know. */
export function schemaFindings(object: KubernetesObject): string[] {
  const model = createRequire(__filename)(moduleOf(object)) as Record<string, new (data: object) => Validated>;
  try {
    new model[object.kind]!(object).validate();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

interface Validated {
  /** @throws Error that says what is wrong */
  validate(): void;
}

/** The same by the types of their kinds, which know all fields that there are: each object is compiled as a literal. */
export function typeFindings(objects: readonly KubernetesObject[]): string[] {
  const path = join(__dirname, 'manifest-literals.ts');
  const lines = objects.flatMap((object, index) => [
    `import { type I${object.kind} as Type${index} } from '${moduleOf(object)}';`,
    `export const object${index}: Type${index} = ${JSON.stringify(object)};`,
  ]);
  const options = { strict: true, noEmit: true, skipLibCheck: true, module: ts.ModuleKind.Node16, types: [] };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === path || fileExists.call(host, name);
  host.getSourceFile = (name, language, ...rest) =>
    name === path
      ? ts.createSourceFile(name, lines.join('\n'), language)
      : getSourceFile.call(host, name, language, ...rest);
  const found = ts.getPreEmitDiagnostics(ts.createProgram([path], options, host));
  return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

/** `apps/v1`, `networking.k8s.io/v1` or `v1`, with a file for each kind. */
function moduleOf({ apiVersion, kind }: KubernetesObject): string {
  return `kubernetes-models/${apiVersion}/${kind}`;
}
