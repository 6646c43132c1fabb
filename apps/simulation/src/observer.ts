import { type TokenObserver } from '@mintonce/token-cache';
import { type History } from './history.js';
import { type Library } from './library.js';
import { decisionInWords } from './words.js';

/** An observer that tells the history of every decision of a process. Store calls are told by its link, in more detail. */
export function telling(library: Library, process: string, history: History): TokenObserver {
  class Teller extends library.TokenObserver {
    override storeCalled(operation: string, durationMs: number, isFailed: boolean): void {
      if (isFailed) history.say(process, () => decisionInWords('storeFailed', [operation, durationMs]));
    }
  }
  const teller = new Teller();
  for (const name of Object.getOwnPropertyNames(library.TokenObserver.prototype) as (keyof TokenObserver)[]) {
    if (name === ('constructor' as string) || name === 'storeCalled') continue;
    const tell = (integration: string, ...details: readonly unknown[]): void =>
      history.say(process, () => decisionInWords(name, details), { integration });
    Object.assign(teller, { [name]: tell });
  }
  return teller;
}
