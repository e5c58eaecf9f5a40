/**
 * A year, month or day of local time, as the API writes its date: «2026», «2026-04», «2026-04-06»;
 * empty for all years. Periods compare as text does.
 */
export type Period = string;

export type Level = "all" | "year" | "month" | "day";

/** Local dates; it ends before `to`. */
export type Span = { from: string; to: string };

const LEVELS: Record<number, Level> = { 0: "all", 4: "year", 7: "month", 10: "day" };

const YEARS = /^[12]\d{3}$/;
const PARTS = /^\d{2}$/;

/** Returns the period that an address names; undefined if there is no such one. */
export function periodOf(year = "", month = "", day = ""): Period | undefined {
  if (year === "") return "";
  const given = [month, day].filter((part) => part !== "");
  if (!YEARS.test(year) || !given.every((part) => PARTS.test(part))) return undefined;
  const period = [year, ...given].join("-");
  const first = firstDateOf(period);
  return firstDateOf(shifted(period, 0)) === first ? period : undefined;
}

/** «/2026/04/06», the end of its address. */
export const pathOf = (period: Period) => (period === "" ? "" : `/${period.replaceAll("-", "/")}`);

export function levelOf(period: Period): Level {
  return LEVELS[period.length] ?? "all";
}

/** What it is a part of, the widest first. */
export function around(period: Period): Period[] {
  return [0, 4, 7].filter((length) => length < period.length).map((end) => period.slice(0, end));
}

/** Returns the period of the same length so many further on. */
export function shifted(period: Period, by: number): Period {
  const [year = 0, month = 1, day = 1] = period.split("-").map(Number);
  const level = levelOf(period);
  const moved = new Date(
    Date.UTC(
      year + (level === "year" ? by : 0),
      month - 1 + (level === "month" ? by : 0),
      day + (level === "day" ? by : 0),
    ),
  );
  return moved.toISOString().slice(0, period.length);
}

/** Returns its dates; those of all years are the years in which a customer is one, up to today's. */
export function spanOf(period: Period, held: Span, today: string): Span {
  if (period !== "") {
    return { from: firstDateOf(period), to: firstDateOf(shifted(period, 1)) };
  }
  const last = held.to !== "" && held.to <= today ? shifted(held.to, -1) : today;
  const year = last.slice(0, 4);
  return { from: `${held.from.slice(0, 4)}-01-01`, to: `${shifted(year, 1)}-01-01` };
}

/** Returns the same dates a year before; 29 February is 28 February there, as the API has it. */
export function yearBefore({ from, to }: Span): Span {
  return { from: dateBefore(from), to: shifted(dateBefore(shifted(to, -1)), 1) };
}

function dateBefore(date: string): string {
  const before = `${Number(date.slice(0, 4)) - 1}${date.slice(4)}`;
  return shifted(before, 0) === before ? before : `${before.slice(0, 8)}28`;
}

/** Whether a contract, which may have no end, lasts on any date of a span. */
export function isHeldIn(span: Span, held: Span): boolean {
  return span.from < (held.to || "9999") && span.to > held.from;
}

function firstDateOf(period: Period): string {
  return `${period}${"-01-01".slice(period.length - 4)}`;
}
