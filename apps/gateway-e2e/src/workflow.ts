import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';

/** What GitHub would refuse a workflow for, by the parser of its own editor. */
export function workflowErrors(content: string): string[] {
  const { context } = parseWorkflow({ name: 'workflow.yml', content }, new NoOperationTraceWriter());
  return context.errors.getErrors().map(({ message }) => message);
}
