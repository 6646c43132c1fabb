/** A call of the store, in a few words. */
export function callInWords({ operation, args }, nameOf) {
    const [, subject, ...rest] = args;
    switch (operation) {
        case 'acquire': {
            const { minTtlMs, refusedGeneration } = subject;
            const other = refusedGeneration === undefined ? '' : ` another than ${nameOf(refusedGeneration)}`;
            return `acquire${other}${minTtlMs === 0 ? '' : ` a life above ${ms(minTtlMs)}`}`;
        }
        case 'renew':
            return `renew ${nameOf(subject.fence)}`;
        case 'commit': {
            const [payload, ttlMs] = rest;
            return `commit ${accessTokenOf(payload)} under ${nameOf(subject.fence)} for ${ms(ttlMs)}`;
        }
        case 'fail': {
            const [cooldown] = rest;
            return `fail ${nameOf(subject.fence)}${cooldown ? `, cool down for ${ms(cooldown.remainingMs)}` : ''}`;
        }
        case 'invalidate': {
            const { generation, isContested } = subject;
            return `invalidate ${nameOf(generation)}${isContested ? ', contested' : ''}`;
        }
        default:
            return operation;
    }
}
/** What the store answered, in a few words. */
export function answerInWords({ operation }, answer, nameOf) {
    const tokenInWords = ({ fence, payload, ttlMs }) => `${accessTokenOf(payload)} ${nameOf(fence)} for ${ms(ttlMs)}`;
    const beside = (token) => (token ? ` beside ${tokenInWords(token)}` : '');
    const instead = (rejected) => (rejected ? `, rejected ${tokenInWords(rejected)}` : '');
    switch (operation) {
        case 'acquire': {
            const acquired = answer;
            switch (acquired.outcome) {
                case 'hit':
                    return `hit ${tokenInWords(acquired.token)}`;
                case 'wait':
                    return `wait ${ms(acquired.leaseEndsInMs)}${instead(acquired.rejected)}`;
                case 'cooling':
                    return `cooling for ${ms(acquired.cooldown.remainingMs)}${instead(acquired.rejected)}`;
                case 'lease':
                    return `lease ${nameOf(acquired.lease.fence)} (${acquired.reason})${beside(acquired.token)}${instead(acquired.rejected)}`;
            }
        }
        // falls through
        case 'commit': {
            const committed = answer;
            if (committed.outcome !== 'superseded')
                return committed.outcome;
            return committed.token ? `superseded by ${tokenInWords(committed.token)}` : 'superseded by nothing';
        }
        case 'purge':
            return `void up to ${nameOf(answer)}`;
        case 'invalidate':
            return String(answer);
        case 'renew':
            return answer === true ? 'still held' : 'lost';
        default:
            return answer === undefined ? 'done' : withoutSecrets(JSON.stringify(answer));
    }
}
export function eventInWords({ type, fence }, nameOf) {
    return `${type} ${nameOf(fence)}`;
}
/** What an observer of the library was told: a decision of the process. */
export function decisionInWords(name, details) {
    const said = details.map((detail) => (typeof detail === 'object' ? entriesOf(detail) : short(detail)));
    return [name, ...said].join(' ');
}
function entriesOf(detail) {
    const entries = Object.entries(detail ?? {});
    return entries.map(([name, value]) => `${name}=${short(value)}`).join(' ');
}
function short(value) {
    if (typeof value !== 'number')
        return String(value);
    return value > FIRST_EPOCH_MS ? new Date(value).toISOString() : String(Math.round(value * 10) / 10);
}
function ms(value) {
    return `${Math.round(value)} ms`;
}
/** No payload is sealed in the simulation. */
function accessTokenOf(payload) {
    return JSON.parse(payload).accessToken;
}
/** Nonces are random beyond any seed. */
function withoutSecrets(text) {
    return text.replace(/"nonce":"[^"]*",?/g, '').replace(/"payload":"(?:[^"\\]|\\.)*",?/g, '');
}
/** Above any duration. */
const FIRST_EPOCH_MS = 1e12;
//# sourceMappingURL=words.js.map