import { keyIdOf } from './store-call.js';
import { answerInWords, callInWords, eventInWords } from './words.js';
/** Tells the history what becomes of calls of the store and of its events. */
export class StoreNarrator {
    history;
    constructor(history) {
        this.history = history;
    }
    executed(call, answer) {
        this.tell('store', call, (words) => `${call.process} ${words}: ${this.answer(call, answer)}`);
    }
    delivered(call, answer, tookMs) {
        this.tell(call.process, call, (words) => `${words}: ${this.answer(call, answer)}, after ${tookMs.toFixed(1)} ms`);
    }
    lost(call, why) {
        this.tell(call.process, call, (words) => `${words}: ${why}`);
    }
    /** @param became when and how it arrived, or why it did not */
    event(process, event, became) {
        const label = this.history.labelOf(event.keyId);
        const words = () => `hears ${eventInWords(event, this.history.fencesOf(label))}: ${became}`;
        this.history.say(process, words, { label });
    }
    tell(who, call, say) {
        const { history } = this;
        const label = this.labelOf(call);
        history.say(who, () => say(callInWords(call, history.fencesOf(label))), { label, process: call.process });
    }
    answer(call, answer) {
        return answerInWords(call, answer, this.history.fencesOf(this.labelOf(call)));
    }
    labelOf(call) {
        return this.history.labelOf(keyIdOf(call) ?? 'no key');
    }
}
//# sourceMappingURL=store-narrator.js.map