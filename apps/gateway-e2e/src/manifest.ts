import { createRequire } from 'node:module';
import { parseAllDocuments } from 'yaml';
import { findingsIn } from './type-findings.js';

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
  const lines = objects.flatMap((object, index) => [
    `import { type I${object.kind} as Type${index} } from '${moduleOf(object)}';`,
    `export const object${index}: Type${index} = ${JSON.stringify(object)};`,
  ]);
  return findingsIn(lines.join('\n'));
}

/** `apps/v1`, `networking.k8s.io/v1` or `v1`, with a file for each kind. */
function moduleOf({ apiVersion, kind }: KubernetesObject): string {
  return `kubernetes-models/${apiVersion}/${kind}`;
}
