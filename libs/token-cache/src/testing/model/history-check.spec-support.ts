import { type Lease, type RejectionVerdict, type StoredToken } from '../../core/contract/token-store.js';
import { type RecordedCall } from './store-process.spec-support.js';

/** Stores count whole milliseconds, so a lease may end up to 1 ms early. */
const CLOCK_GRAIN_MS = 1;

type Grant = { lease: Lease; calledAt: number; answeredAt: number };
/** A token that is shared, by a commit or an offer. */
type Publication = { fence: number; calledAt: number; answeredAt: number };
type Of<Method extends RecordedCall['method']> = Extract<RecordedCall, { method: Method }>;
type Purge = Extract<RecordedCall, { answer: number }>;

/**
 * Violations of linearizability in the history of one key, in words. It is empty if every call can have taken effect at one
 * instant between its call and its answer (Herlihy and Wing, "Linearizability", 1990), as far as these rules can tell.
 */
export function violations(history: readonly RecordedCall[]): string[] {
  const calls = [...history].sort((a, b) => a.calledAt - b.calledAt);
  const grants = grantsOf(calls);
  const stored = of(calls, 'commit').filter(({ answer }) => answer.outcome === 'stored');
  const offered = of(calls, 'offer').filter(({ answer }) => answer.outcome === 'stored');
  return [
    ...fencesGrantedTwice(grants),
    ...fencesThatFell(grants),
    ...liveTogether(grants, calls),
    ...publishedTwice(stored),
    ...publishedBack(stored),
    ...offeredBack([...publications(stored), ...publications(offered)], publications(offered)),
    ...publishedStale(stored, grants),
    ...publishedAfterPurge(stored, grants, purgesOf(calls)),
    ...sharedAlthoughVoid([...publications(stored), ...publications(offered)], calls),
    ...wronglyVoided(calls),
    ...toldTooLittle(calls),
    ...seenGoingBack(calls),
    ...foreignPayloads(calls),
    ...wronglySuperseded(calls),
    ...wronglyRejected(calls, [...publications(stored), ...publications(offered)]),
    ...grantedTooSoon(calls),
    ...givenOutAlthoughRejected(calls),
  ];
}

/** The grants of new leases, without those that a repeated nonce got again. */
function grantsOf(calls: readonly RecordedCall[]): Grant[] {
  const grants = new Map<string, Grant>();
  for (const { answer, calledAt, answeredAt } of of(calls, 'acquire')) {
    if (answer.outcome !== 'lease') continue;
    const name = nameOf(answer.lease);
    if (!grants.has(name)) grants.set(name, { lease: answer.lease, calledAt, answeredAt });
  }
  return [...grants.values()];
}

function nameOf({ nonce, fence }: Lease): string {
  return `${nonce} ${fence}`;
}

function fencesGrantedTwice(grants: readonly Grant[]): string[] {
  const seen = new Set<number>();
  return grants.flatMap(({ lease: { fence } }) => {
    if (seen.has(fence)) return [`fence ${fence} was granted twice`];
    seen.add(fence);
    return [];
  });
}

function fencesThatFell(grants: readonly Grant[]): string[] {
  return amongOrdered(grants, (earlier, later) =>
    later.lease.fence > earlier.lease.fence
      ? undefined
      : `fence ${later.lease.fence} came after ${earlier.lease.fence}`,
  );
}

/** A lease lives from its answer at the latest until its time is over at the earliest, unless a call ended it. */
function liveTogether(grants: readonly Grant[], calls: readonly RecordedCall[]): string[] {
  const ends = [...of(calls, 'commit'), ...of(calls, 'fail'), ...purgesOf(calls)];
  const extents = extentsOf(grants, calls);
  return amongOrdered(grants, (first, second) => {
    if (second.answeredAt >= livesUntil(extents.get(nameOf(first.lease))!, second)) return undefined;
    const isEnded = ends.some((end) => end.answeredAt > first.calledAt && end.calledAt < second.answeredAt);
    return isEnded ? undefined : `leases ${first.lease.fence} and ${second.lease.fence} were live together`;
  });
}

/** The grant of each lease and its renewals, in their order. */
function extentsOf(grants: readonly Grant[], calls: readonly RecordedCall[]): Map<string, Grant[]> {
  const extents = new Map(grants.map((grant) => [nameOf(grant.lease), [grant]]));
  for (const { args, answer: isRenewed, calledAt, answeredAt } of of(calls, 'renew')) {
    const [lease] = args;
    if (isRenewed) extents.get(nameOf(lease))?.push({ lease, calledAt, answeredAt });
  }
  return extents;
}

/** The earliest end of a lease, as a later one may see it: of its last renewal before, also one for less time, or of one meanwhile. */
function livesUntil(extents: readonly Grant[], later: Grant): number {
  const lastBefore = extents.findLastIndex(({ answeredAt }) => answeredAt < later.calledAt);
  const mayCount = extents.slice(lastBefore).filter(({ calledAt }) => calledAt < later.answeredAt);
  return Math.min(...mayCount.map(({ lease, calledAt }) => calledAt + lease.leaseMs)) - CLOCK_GRAIN_MS;
}

function publishedTwice(stored: readonly Of<'commit'>[]): string[] {
  const fences = stored.map(({ args: [{ fence }] }) => fence);
  return fences.filter((fence, i) => fences.indexOf(fence) < i).map((fence) => `fence ${fence} was published twice`);
}

function publishedBack(stored: readonly Of<'commit'>[]): string[] {
  return amongOrdered(stored, ({ args: [earlier] }, { args: [later] }) =>
    later.fence > earlier.fence ? undefined : `fence ${later.fence} was published after ${earlier.fence}`,
  );
}

function publications(calls: readonly (Of<'commit'> | Of<'offer'>)[]): Publication[] {
  return calls.map(({ args: [subject], calledAt, answeredAt }) => {
    return { fence: typeof subject === 'number' ? subject : subject.fence, calledAt, answeredAt };
  });
}

/** An offer may repeat the last fence, and publishes no older one. */
function offeredBack(all: readonly Publication[], offered: readonly Publication[]): string[] {
  return offered.flatMap(({ fence, calledAt }) => {
    const newer = all.find((one) => one.fence > fence && one.answeredAt < calledAt);
    return newer ? [`fence ${fence} was offered with success after ${newer.fence} was published`] : [];
  });
}

/** What was purged or marked before is not shared again. */
function sharedAlthoughVoid(shared: readonly Publication[], calls: readonly RecordedCall[]): string[] {
  const purges = purgesOf(calls);
  return shared.flatMap(({ fence, calledAt }) => {
    const isVoid = purges.some(({ answer, answeredAt }) => answer >= fence && answeredAt < calledAt);
    return isVoid ? [`fence ${fence} was shared although it was void`] : [];
  });
}

/** What is void was purged or marked, itself or something newer. */
function wronglyVoided(calls: readonly RecordedCall[]): string[] {
  const voids = voidsOf(calls);
  const asked = [...of(calls, 'commit'), ...of(calls, 'offer')].filter(({ answer }) => answer.outcome === 'voided');
  return publications(asked).flatMap(({ fence, answeredAt }) => {
    const isVoid = voids.some((one) => one.fence >= fence && one.calledAt < answeredAt);
    return isVoid ? [] : [`fence ${fence} was called void, and nothing was purged or marked`];
  });
}

/** Who is turned away or mints is told of every purge before. */
function toldTooLittle(calls: readonly RecordedCall[]): string[] {
  const purges = purgesOf(calls);
  return of(calls, 'acquire').flatMap(({ answer, calledAt }) => {
    if (answer.outcome === 'hit') return [];
    const untold = purges.find((purge) => purge.answer > answer.voidedUpTo && purge.answeredAt < calledAt);
    return untold ? [`${answer.voidedUpTo} was told to be void, and ${untold.answer} had been purged`] : [];
  });
}

function voidsOf(calls: readonly RecordedCall[]): Publication[] {
  // Fences that were granted within a moment may run ahead of the clock that a purge of the group is taken from.
  const purges = purgesOf(calls).map(({ method, answer, ...call }) => ({
    ...call,
    fence: method === 'purgeGroup' ? Infinity : answer,
  }));
  const marks = verdictsOf(calls, 'replaced').map(({ args: [{ generation }], ...call }) => ({
    ...call,
    fence: generation,
  }));
  return [...purges, ...marks];
}

function publishedStale(stored: readonly Of<'commit'>[], grants: readonly Grant[]): string[] {
  return stored.flatMap(({ args: [{ fence }], calledAt }) => {
    const newer = grants.find(({ lease, answeredAt }) => lease.fence > fence && answeredAt < calledAt);
    return newer ? [`fence ${fence} was published although ${newer.lease.fence} had been granted`] : [];
  });
}

function publishedAfterPurge(
  stored: readonly Of<'commit'>[],
  grants: readonly Grant[],
  purges: readonly Purge[],
): string[] {
  const grantedAt = new Map(grants.map(({ lease, answeredAt }) => [lease.fence, answeredAt]));
  return stored.flatMap(({ args: [{ fence }], calledAt }) => {
    const since = grantedAt.get(fence) ?? Infinity;
    const isVoid = purges.some((purge) => purge.calledAt > since && purge.answeredAt < calledAt);
    return isVoid ? [`fence ${fence} was published although it had been purged`] : [];
  });
}

function seenGoingBack(calls: readonly RecordedCall[]): string[] {
  const seen = of(calls, 'peek').flatMap(({ answer: { token }, ...call }) => (token ? [{ ...call, token }] : []));
  return amongOrdered(seen, (earlier, later) =>
    later.token.fence >= earlier.token.fence
      ? undefined
      : `token ${later.token.fence} was seen after ${earlier.token.fence}`,
  );
}

function foreignPayloads(calls: readonly RecordedCall[]): string[] {
  const tokens = calls.flatMap(({ answer }) => {
    const { token, rejected } = Object(answer) as { token?: StoredToken; rejected?: StoredToken };
    return [token, rejected];
  });
  return tokens.flatMap((token) =>
    token && token.payload !== `token ${token.fence}` ? [`fence ${token.fence} has "${token.payload}"`] : [],
  );
}

function wronglySuperseded(calls: readonly RecordedCall[]): string[] {
  return of(calls, 'commit').flatMap(({ answer, args: [{ fence }] }) =>
    answer.outcome === 'superseded' && answer.token && answer.token.fence <= fence
      ? [`fence ${fence} was superseded by ${answer.token.fence}`]
      : [],
  );
}

function wronglyRejected(calls: readonly RecordedCall[], shared: readonly Publication[]): string[] {
  const generations = verdictsOf(calls, 'replaced').map(({ args: [{ generation }] }) => generation);
  return generations.flatMap((generation, i) => [
    ...(generations.indexOf(generation) < i ? [`generation ${generation} was replaced twice`] : []),
    ...(shared.some(({ fence }) => fence === generation) ? [] : [`${generation} was never published`]),
  ]);
}

/** Where all processes have one policy, a grant sets a pace that is no shorter than it says; a purge forgets the pace. */
function grantedTooSoon(calls: readonly RecordedCall[]): string[] {
  const grants = [...verdictsOf(calls, 'replaced'), ...verdictsOf(calls, 'contested')];
  const purges = purgesOf(calls);
  const inOrder = grants.sort((a, b) => a.calledAt - b.calledAt);
  return amongOrdered(inOrder, (first, second) => {
    const [{ paceMs }, { generation, isContested, maxPaceMs }] = [first.args[0], second.args[0]];
    const freeAt = first.calledAt + (isContested ? maxPaceMs : paceMs) - CLOCK_GRAIN_MS;
    if (second.answeredAt >= freeAt) return undefined;
    const isForgotten = purges.some((purge) => purge.answeredAt > first.calledAt && purge.calledAt < second.answeredAt);
    return isForgotten
      ? undefined
      : `the rejection of ${generation} was granted too soon after ${first.args[0].generation}`;
  });
}

function givenOutAlthoughRejected(calls: readonly RecordedCall[]): string[] {
  const markedAt = new Map(
    verdictsOf(calls, 'replaced').map(({ args: [{ generation }], answeredAt }) => [generation, answeredAt]),
  );
  return of(calls, 'acquire').flatMap(({ answer, args: [{ refusedGeneration }], calledAt }) => {
    if (answer.outcome !== 'hit') return [];
    const { fence } = answer.token;
    return [
      ...(calledAt > (markedAt.get(fence) ?? Infinity)
        ? [`token ${fence} was given out although it was rejected`]
        : []),
      ...(fence === refusedGeneration ? [`token ${fence} was given to a caller that refused it`] : []),
    ];
  });
}

function verdictsOf(calls: readonly RecordedCall[], verdict: RejectionVerdict): Of<'invalidate'>[] {
  return of(calls, 'invalidate').filter(({ answer }) => answer === verdict);
}

/** Violations in all pairs of calls of which the first was answered before the second was made. */
function amongOrdered<T extends { calledAt: number; answeredAt: number }>(
  calls: readonly T[],
  judge: (earlier: T, later: T) => string | undefined,
): string[] {
  const found: string[] = [];
  for (const [i, later] of calls.entries()) {
    for (let j = 0; j < i; j++) {
      const wrong = calls[j]!.answeredAt < later.calledAt ? judge(calls[j]!, later) : undefined;
      if (wrong) found.push(wrong);
    }
  }
  return found;
}

/** The purges of the key, and of its group. */
function purgesOf(calls: readonly RecordedCall[]): Purge[] {
  return calls.filter((call): call is Purge => call.method === 'purge' || call.method === 'purgeGroup');
}

function of<Method extends RecordedCall['method']>(calls: readonly RecordedCall[], method: Method): Of<Method>[] {
  return calls.filter((call): call is Of<Method> => call.method === method);
}
