import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  FAULT_SIGNAL,
  FAULTS_DIRECTORY,
  faultFiles,
  type ProcessFault,
  type ProcessFaultReport,
} from './process-fault.js';
import { waitFor } from './wait-for.js';

/** The built module, since Node loads it without anything of the tests. */
const PRELOAD = pathToFileURL(fileURLToPath(new URL('../dist/process-fault-preload.js', import.meta.url))).href;
/** How much later than its end a fault is told of on a busy machine. */
const PATIENCE_MS = 10_000;

/** Faults of single processes, which they do to themselves: nothing on the outside could reach one process alone. */
export class ProcessFaults {
  /** @param directory where files for the processes are kept */
  constructor(private readonly directory: string) {}

  /** What a process needs in its environment so that faults can befall it. */
  get env(): NodeJS.ProcessEnv {
    const options = [process.env['NODE_OPTIONS'], `--import=${PRELOAD}`].filter(Boolean).join(' ');
    return { NODE_OPTIONS: options, [FAULTS_DIRECTORY]: this.directory };
  }

  /**
   * Resolves when the fault is over.
   *
   * @throws Error when the process does not tell of its end
   */
  async befall(pid: number, fault: ProcessFault): Promise<ProcessFaultReport> {
    const files = faultFiles(this.directory, pid);
    writeFileSync(files.fault, JSON.stringify(fault));
    try {
      process.kill(pid, FAULT_SIGNAL);
      const timeoutMs = fault.forMs + PATIENCE_MS;
      await waitFor(() => existsSync(files.report), {
        timeoutMs,
        description: `process ${pid} to get over a ${fault.kind}`,
      });
      return JSON.parse(readFileSync(files.report, 'utf8')) as ProcessFaultReport;
    } finally {
      rmSync(files.fault, { force: true });
      rmSync(files.report, { force: true });
    }
  }
}
