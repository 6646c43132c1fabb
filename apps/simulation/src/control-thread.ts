import { parentPort } from 'node:worker_threads';
import { type Control } from './controls.js';
import { builtLibrary, loadLibrary } from './library.js';
import { simulate } from './simulate.js';

const library = await loadLibrary(builtLibrary());

parentPort?.on('message', ({ seed, faults }: Control) => {
  void simulate(seed, library, { only: faults }).then(({ breach }) => parentPort?.postMessage(breach !== undefined));
});
