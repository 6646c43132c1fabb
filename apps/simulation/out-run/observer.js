import { decisionInWords } from './words.js';
/** An observer that tells the history of every decision of a process. Store calls are told by its link, in more detail. */
export function telling(library, process, history) {
    class Teller extends library.TokenObserver {
        storeCalled(operation, durationMs, isFailed) {
            if (isFailed)
                history.say(process, () => decisionInWords('storeFailed', [operation, durationMs]));
        }
    }
    const teller = new Teller();
    for (const name of Object.getOwnPropertyNames(library.TokenObserver.prototype)) {
        if (name === 'constructor' || name === 'storeCalled')
            continue;
        const tell = (integration, ...details) => history.say(process, () => decisionInWords(name, details), { integration });
        Object.assign(teller, { [name]: tell });
    }
    return teller;
}
//# sourceMappingURL=observer.js.map