import { type Copy, DockerfileParser, type From, type Instruction, Keyword } from 'dockerfile-ast';

export interface Stage {
  readonly name: string;
  /** An earlier stage, or an image of a registry. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile, in their order. */
export function stagesOf(dockerfile: string): Stage[] {
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const instruction of DockerfileParser.parse(dockerfile).getInstructions()) {
    if (instruction.getKeyword() === Keyword.FROM) {
      const [from = ''] = argumentsOf(instruction);
      stages.push({ name: (instruction as From).getBuildStage() ?? '', from, instructions: [] });
    } else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

/** The instructions of that kind that go into a stage: those of the stages that it builds on come first. */
export function instructionsOf<T extends Instruction>(name: string, keyword: Keyword, stages: readonly Stage[]): T[] {
  const stage = stages.find((candidate) => candidate.name === name);
  if (!stage) return [];
  const own = stage.instructions.filter((instruction) => instruction.getKeyword() === keyword) as T[];
  return [...instructionsOf<T>(stage.from, keyword, stages), ...own];
}

/** The words after the keyword and its flags, with the defaults of `ARG` filled in. */
export function argumentsOf(instruction: Instruction): string[] {
  return instruction.getExpandedArguments().map((word) => word.getValue());
}

/** What `COPY` takes, and the earlier stage that it takes it from. */
export function sourcesOf(copy: Copy): { from?: string; sources: string[] } {
  const from = copy.getFromFlag()?.getValue();
  return { ...(from && { from }), sources: argumentsOf(copy).slice(0, -1) };
}
