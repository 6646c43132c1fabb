import { after, type Moment } from '../contract/moment.js';
import { serverTimeOf, type TokenTimes } from './server-clock.js';

const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const DAY = 86_400_000;

const SENT: Moment = { monotonicAt: 7_000, wallAt: NOW - 100 };
/** By the clock of this machine. */
const OURS = SENT.wallAt;

describe('The time of a server', () => {
  const timeOf = (answeredAt: unknown, times: TokenTimes): number =>
    serverTimeOf(answeredAt, { sent: SENT, arrived: after(SENT, 100) }, times, DAY);

  it.each<[string, unknown, TokenTimes, number]>([
    ['that of this machine, as the request left, when nothing is said', undefined, { endsAt: NOW + DAY }, OURS],
    ['no earlier than the beginning of its token', undefined, { beginsAt: NOW, endsAt: NOW + DAY }, NOW],

    ['stated, with milliseconds', NOW - 12_345, { endsAt: NOW + DAY }, NOW - 12_345],
    ['that of this machine within the same second', NOW, { endsAt: NOW + DAY }, NOW],
    ['the end of the second that has just passed here', NOW - 1_000, { endsAt: NOW + DAY }, NOW - 1],
    ['the end of a second that is to come here', NOW + 1_000, { endsAt: NOW + DAY }, NOW + 1_999],

    ['stated, up to a day from that of this machine', NOW - DAY, { endsAt: NOW + 10 * DAY }, NOW - DAY + 999],
    ['not what is stated a day and more from it', NOW - DAY - 1, { endsAt: NOW + 10 * DAY }, OURS],
    ['not what is stated far ahead of it', NOW + DAY + 1, { endsAt: NOW + 10 * DAY }, OURS],

    [
      'that of a token which began a minute later, on another machine of the server',
      NOW - 6 * MINUTE,
      { beginsAt: NOW - 5 * MINUTE, endsAt: NOW + DAY },
      NOW - 5 * MINUTE,
    ],
    [
      'not what is stated more than a minute before its token began',
      NOW - 6 * MINUTE - 1,
      { beginsAt: NOW - 5 * MINUTE, endsAt: NOW + DAY },
      OURS,
    ],

    [
      'stated, within the longest life of its token',
      NOW - 10 * DAY - 1,
      { endsAt: NOW - 10 * DAY },
      NOW - 10 * DAY - 1,
    ],
    ['not what is stated at the end of its token', NOW - 10 * DAY, { endsAt: NOW - 10 * DAY }, OURS],
    [
      'stated, from a minute before that life',
      NOW - 11 * DAY - MINUTE,
      { endsAt: NOW - 10 * DAY },
      NOW - 11 * DAY - MINUTE + 999,
    ],
    ['not what is stated before that', NOW - 11 * DAY - MINUTE - 1, { endsAt: NOW - 10 * DAY }, OURS],
  ])('is %s', (_what, answeredAt, times, expected) => expect(timeOf(answeredAt, times)).toBe(expected));
});
