import { type TokenStoreEvent } from '@mintonce/token-cache';
import { type About, type History } from './history.js';
import { keyIdOf, purgedGroupOf, type StoreCall } from './store-call.js';
import { answerInWords, callInWords, eventInWords } from './words.js';

/** Tells the history what becomes of calls of the store and of its events. */
export class StoreNarrator {
  constructor(private readonly history: History) {}

  executed(call: StoreCall, answer: unknown): void {
    this.tell('store', call, (words) => `${call.process} ${words}: ${this.answer(call, answer)}`);
  }

  delivered(call: StoreCall, answer: unknown, tookMs: number): void {
    this.tell(call.process, call, (words) => `${words}: ${this.answer(call, answer)}, after ${tookMs.toFixed(1)} ms`);
  }

  lost(call: StoreCall, why: string): void {
    this.tell(call.process, call, (words) => `${words}: ${why}`);
  }

  /** @param became when and how it arrived, or why it did not */
  event(process: string, event: TokenStoreEvent, became: string): void {
    for (const label of this.history.labelsAbout(event)) {
      const words = (): string => `hears ${eventInWords(event, this.history.fencesOf(label))}: ${became}`;
      this.history.say(process, words, { label });
    }
  }

  private tell(who: string, call: StoreCall, say: (words: string) => string): void {
    const { history } = this;
    const about = this.about(call);
    history.say(who, () => say(callInWords(call, history.fencesOf(this.labelOf(call)))), about);
  }

  private about(call: StoreCall): About {
    const group = purgedGroupOf(call);
    const [label] = group === undefined ? [this.labelOf(call)] : this.history.labelsIn(group);
    return { label, process: call.process };
  }

  private answer(call: StoreCall, answer: unknown): string {
    return answerInWords(call, answer, this.history.fencesOf(this.labelOf(call)));
  }

  private labelOf(call: StoreCall): string {
    return this.history.labelOf(keyIdOf(call) ?? 'no key');
  }
}
