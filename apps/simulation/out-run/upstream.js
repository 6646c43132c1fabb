export const CALM_UPSTREAM = { refusesAll: false, lagMs: 0, forbiddenShare: 0 };
/** The API that callers spend their tokens on. */
export class Upstream {
    mood = { ...CALM_UPSTREAM };
    /** Whether a call with this token is answered 401. */
    refuses(token, now, chance) {
        const { refusesAll, lagMs, forbiddenShare } = this.mood;
        const isDead = token.isRevoked || token.endsAt <= now;
        const isUnknownYet = now - token.issuedAt < lagMs;
        return isDead || refusesAll || isUnknownYet || (forbiddenShare > 0 && chance.happens(forbiddenShare));
    }
}
//# sourceMappingURL=upstream.js.map