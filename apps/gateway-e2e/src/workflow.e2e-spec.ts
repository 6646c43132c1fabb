import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './fleet.js';
import { workflowErrors } from './workflow.js';

interface Workflow {
  readonly jobs: Record<string, Job>;
}

interface Job {
  readonly strategy: { readonly matrix: { readonly server: string[] } };
  readonly container: string;
  readonly steps: readonly { readonly run?: string }[];
}

const FOLDER = join(ROOT, '.github/workflows');
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8');
const { jobs } = parse(read('ci.yml')) as Workflow;
const job = jobs['everything'] as Job;

describe('The workflow for hosted CI', () => {
  it.each(readdirSync(FOLDER))('has no error in %s', (name) => {
    expect(workflowErrors(read(name))).toEqual([]);
  });

  it.each([
    ['a misspelt field of a job', 'runs-on:', 'runs-no:'],
    ['a context that does not exist', '${{ matrix.server }}', '${{ matrixx.server }}'],
    ['a step that does nothing', 'run: .ci/run', 'ran: .ci/run'],
    ['a time limit that is no number', 'timeout-minutes: 120', 'timeout-minutes: two hours'],
  ])('would be refused for %s', (_, right, wrong) => {
    const broken = read('ci.yml').replace(right, wrong);
    expect(broken).toContain(wrong);
    expect(workflowErrors(broken)).not.toEqual([]);
  });

  it('runs what the project runs itself', () => {
    const command = job.steps.at(-1)?.run ?? '';
    expect(command).toBe('.ci/run');
    expect(existsSync(join(ROOT, command))).toBe(true);
  });

  it('runs on Redis 7 and 8 and on Valkey 8', () => {
    const lines = job.strategy.matrix.server.map((image) => image.replace(/^.*\//, '').replace(/\.\d+$/, ''));
    expect(new Set(lines)).toEqual(new Set(['redis:7', 'redis:8', 'valkey:8']));
    expect(job.container).toBe('${{ matrix.server }}');
  });
});
