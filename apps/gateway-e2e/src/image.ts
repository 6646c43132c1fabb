import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cmd, type Env, Keyword, type PropertyInstruction } from 'dockerfile-ast';
import { instructionsOf, stagesOf } from './dockerfile.js';
import { ROOT } from './fleet.js';

/** The stages of the gateway's Dockerfile. */
export const stages = stagesOf(readFileSync(join(ROOT, 'docker/Dockerfile'), 'utf8'));

/** What an image of the Dockerfile says of its containers. */
export interface Image {
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
}

export function imageOf(target: string): Image {
  const last = <T extends Cmd>(keyword: Keyword) => instructionsOf<T>(target, keyword, stages).at(-1);
  const [, healthCheck = '[]'] = /CMD (\[.*\])$/.exec(last(Keyword.HEALTHCHECK)?.getArgumentsContent() ?? '') ?? [];
  return {
    env: pairsOf(instructionsOf<Env>(target, Keyword.ENV, stages)),
    user: last(Keyword.USER)?.getArgumentsContent() ?? '',
    command: (last(Keyword.CMD)?.getJSONStrings() ?? []).map((word) => word.getJSONValue()),
    healthCheck: JSON.parse(healthCheck) as string[],
  };
}

export function pairsOf(instructions: PropertyInstruction[]): Record<string, string> {
  const pairs = instructions.flatMap((one) => one.getProperties());
  return Object.fromEntries(pairs.map((pair) => [pair.getName(), pair.getValue() ?? '']));
}
