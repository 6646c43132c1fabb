import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { RunningParts } from '@mintonce/test-support';
import { parseFlags, type Settings, USAGE, UsageError } from './flags.js';
import { Show } from './show.js';
import { Story } from './story.js';
import { svgPicture } from './svg-picture.js';
import { type Telling } from './telling.js';
import { stopRequest } from './stop-request.js';

try {
  const settings = parseFlags(process.argv.slice(2));
  if (settings.help) console.log(USAGE);
  else process.exitCode = await tell(settings);
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
// A worker's channel would keep the process alive.
process.exit();

/** The exit code: 0, or 130 when somebody stopped it. */
async function tell(settings: Settings): Promise<number> {
  const running = new RunningParts();
  const stop = stopRequest();
  try {
    return await Promise.race([stop.then(() => 130), show(settings, running)]);
  } finally {
    await running.stop();
  }
}

async function show(settings: Settings, running: RunningParts): Promise<number> {
  const show = new Show(process.stdout);
  if (!settings.json) console.log(`Starting an identity provider and ${2 * settings.workers} workers ...\n`);
  const story = await Story.begin(settings, running);
  let last: Telling | undefined;
  for await (const telling of story.tell()) {
    last = telling;
    if (!settings.json) show.progress(telling);
  }
  if (!last) throw new Error('Nothing was told');
  if (settings.json) console.log(JSON.stringify(last));
  else show.end(last);
  if (settings.svg !== undefined) await writePicture(settings.svg, last);
  return 0;
}

async function writePicture(path: string, telling: Telling): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, await svgPicture(telling));
  console.error(`Written: ${path}`);
}
