/**
 * The server's clock, as its answers tell it. Each says the second in which it was sent, which lies
 * between when it was asked for and when it came; all of them together say it closely.
 */

const UNKNOWN = { least: Number.NEGATIVE_INFINITY, most: Number.POSITIVE_INFINITY };

/** How far the server's clock is ahead of ours, in milliseconds. */
let ahead = UNKNOWN;

/** Takes in the `Date` of an answer. */
export function heard(date: string | null, askedAt: number, answeredAt: number): void {
  const second = Date.parse(date ?? "");
  if (Number.isNaN(second)) return;
  const told = { least: second - answeredAt, most: second + 1000 - askedAt };
  const both = {
    least: Math.max(told.least, ahead.least),
    most: Math.min(told.most, ahead.most),
  };
  // Where they exclude each other, one of the clocks was set since.
  ahead = both.least <= both.most ? both : told;
}

/** Forgets what was heard. */
export function forgetClock(): void {
  ahead = UNKNOWN;
}

/** The present moment by the server's clock; by ours until an answer was heard. */
export function now(): number {
  return Date.now() + (Number.isFinite(ahead.least) ? (ahead.least + ahead.most) / 2 : 0);
}
