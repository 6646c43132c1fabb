/** How long a token may be used from when it was asked for: section by section as the policy says, and not as the library does it. */
export function usableMs(stated, policy) {
    const makesSense = typeof stated === 'number' && Number.isFinite(stated) && stated > 0;
    const lifeMs = Math.min(makesSense ? stated : policy.missingExpiryMs, policy.maxLifeMs);
    return lifeMs - Math.min(policy.safetyMarginMs, lifeMs / 10);
}
//# sourceMappingURL=book.js.map