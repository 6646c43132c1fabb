const NUMBER = /^[+-]?\d+(?:\.\d+)?$/;

/** Epoch seconds reach this in the year 5138, and epoch ms did in 1973: a greater number is in ms. */
const MOST_EPOCH_SECONDS = 1e11;

/** A finite number, or a text that is one, as some servers write it; undefined for anything else, which says nothing. */
export function statedNumber(value: unknown): number | undefined {
  const isNumeric = typeof value === 'number' || (typeof value === 'string' && NUMBER.test(value.trim()));
  return isNumeric && Number.isFinite(Number(value)) ? Number(value) : undefined;
}

/** The epoch ms of an instant that is stated in epoch seconds, or in epoch ms already. */
export function epochMsOf(stated: number): number {
  return Math.abs(stated) > MOST_EPOCH_SECONDS ? stated : stated * 1_000;
}
