import {
  longDate,
  month,
  monthName,
  ordinalDay,
  shortDate,
  shortDay,
  shortMonth,
  weekdayAndDate,
} from "../../format";
import { said, texts } from "../../texts/language";
import { levelOf, type Period, type Span, shifted } from "./period";

const TEXTS = texts({
  nn: {
    all: "Alle år",
    summer: "sommartid",
    winter: "vintertid",
    clock: (hour: string) => `kl. ${hour}`,
  },
  nb: {
    all: "Alle år",
    summer: "sommertid",
    winter: "vintertid",
    clock: (hour: string) => `kl. ${hour}`,
  },
  en: {
    all: "All years",
    summer: "summer time",
    winter: "winter time",
    clock: (hour: string) => hour,
  },
});

/** A moment on a local date, wherever the browser is. */
export const noonOf = (date: string) => `${date}T12:00:00Z`;

/** «Alle år», «2026», «april 2026», «måndag 6. april 2026» */
export function periodName(period: Period): string {
  const names = {
    all: () => said(TEXTS).all,
    year: () => period,
    month: () => month(noonOf(`${period}-15`)),
    day: () => longDate(noonOf(period)),
  };
  return names[levelOf(period)]();
}

/** The same within what it is a part of: «2026», «april», «måndag 6. april» */
export function partName(period: Period): string {
  const names = {
    all: () => said(TEXTS).all,
    year: () => period,
    month: () => monthName(noonOf(`${period}-15`)),
    day: () => weekdayAndDate(noonOf(period)),
  };
  return names[levelOf(period)]();
}

/** The same in a row of a table, where its month is known: «mån. 6.» */
export const rowName = (period: Period) =>
  levelOf(period) === "day" ? shortDay(noonOf(period)) : partName(period);

/** The same under a column: «2026», «apr», «6» */
export function axisName(period: Period): string {
  const names = {
    all: () => "",
    year: () => period,
    month: () => shortMonth(noonOf(`${period}-15`)).replace(".", ""),
    day: () => String(Number(period.slice(8))),
  };
  return names[levelOf(period)]();
}

/** «2024–2026», the years of a span. */
export function yearsName({ from, to }: Span): string {
  const [first, last] = [from.slice(0, 4), shifted(to, -1).slice(0, 4)];
  return first === last ? first : `${first}–${last}`;
}

/** «1.–29. nov. 2025», «15. sep. – 4. nov. 2025», of a first and a last date. */
export function datesName(first: string, last: string): string {
  const end = `${shortDate(noonOf(last))} ${last.slice(0, 4)}`;
  if (first === last) return end;
  if (first.slice(0, 7) === last.slice(0, 7)) {
    return `${ordinalDay(noonOf(first))}–${end}`;
  }
  const isWithinAYear = first.slice(0, 4) === last.slice(0, 4);
  const start = shortDate(noonOf(first));
  return `${isWithinAYear ? start : `${start} ${first.slice(0, 4)}`} – ${end}`;
}

/**
 * Names an hour by its start as the API writes it, «2026-10-25T02:00:00+01:00»: «02–03», and of the
 * two in October that the clock calls the same, «02–03 vintertid».
 */
export function hourName(start: string, all: readonly string[]): string {
  const clock = clockOf(start);
  const name = `${clock}–${String((Number(clock) + 1) % 24).padStart(2, "0")}`;
  if (!isTwice(start, all)) return name;
  const words = said(TEXTS);
  return `${name} ${start.endsWith("+02:00") ? words.summer : words.winter}`;
}

/** «kl. 02–03», the same in a sentence. */
export const atHour = (start: string, all: readonly string[]) =>
  said(TEXTS).clock(hourName(start, all));

/** «02», what the clock shows when an hour starts. */
export const clockOf = (start: string) => start.slice(11, 13);

function isTwice(start: string, all: readonly string[]): boolean {
  const local = start.slice(0, 16);
  return all.filter((each) => each.slice(0, 16) === local).length > 1;
}
