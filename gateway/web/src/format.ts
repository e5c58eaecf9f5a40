/** Numbers, money, dates as Norwegians write them. All times are those of Europe/Oslo. */

import { type Language, language } from "./texts/language";

export const ZONE = "Europe/Oslo";
const UNKNOWN = "–";
/** Between a number and its unit, which stay on one line. */
const GAP = "\u00a0";

/** Browsers know no Nynorsk; it differs from Bokmål in the names of the days only. */
const LOCALES: Record<Language, string> = { nn: "nb-NO", nb: "nb-NO", en: "en-GB" };
const NYNORSK_DAYS: Record<string, string> = {
  mandag: "måndag",
  tirsdag: "tysdag",
  lørdag: "laurdag",
  søndag: "sundag",
  "man.": "mån.",
  "tirs.": "tys.",
  "tir.": "tys.",
  "lør.": "lau.",
  "søn.": "sun.",
};

/** «Haustkonsert · Kulturhuset»; where it does not fit on a line, the next one begins with a word. */
export const beside = (...facts: readonly (string | false | null | undefined)[]) =>
  facts.filter(Boolean).join(`${GAP}· `);

type Moment = Date | string | number;

/** Returns what makes something once for each locale and set of options; a format is slow to make. */
function once<Options, Format>(make: (locale: string, options: Options) => Format) {
  const made = new Map<string, Format>();
  return (locale: string, options: Options): Format => {
    const key = `${locale} ${JSON.stringify(options)}`;
    const known = made.get(key) ?? make(locale, options);
    made.set(key, known);
    return known;
  };
}

const datesAs = once(
  (locale, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone: ZONE, ...options }),
);
const numbersAs = once(
  (locale, options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options),
);

function written(moment: Moment, options: Intl.DateTimeFormatOptions): string {
  return datesAs(LOCALES[language.value], options)
    .formatToParts(new Date(moment))
    .map(({ type, value }) => {
      if (type === "weekday" && language.value === "nn") return NYNORSK_DAYS[value] ?? value;
      return value === ", " ? " " : value; // «Monday 6 April 2026», as without the year
    })
    .join("");
}

/** «måndag 6. april 2026» */
export const longDate = (moment: Moment) =>
  written(moment, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
/** «6. april 2026» */
export const date = (moment: Moment) =>
  written(moment, { day: "numeric", month: "long", year: "numeric" });
/** «6. apr.» */
export const shortDate = (moment: Moment) => written(moment, { day: "numeric", month: "short" });
/** «6.» */
export const ordinalDay = (moment: Moment) => written(moment, { day: "numeric" });
/** «april 2026» */
export const month = (moment: Moment) => written(moment, { month: "long", year: "numeric" });
/** «april» */
export const monthName = (moment: Moment) => written(moment, { month: "long" });
/** «apr.» */
export const shortMonth = (moment: Moment) => written(moment, { month: "short" });
/** «6» */
export function dayOfMonth(moment: Moment): string {
  return ordinalDay(moment).replace(".", "");
}
/** «mån.» */
export const shortWeekday = (moment: Moment) => written(moment, { weekday: "short" });
/** «måndag 6. april» */
export const weekdayAndDate = (moment: Moment) =>
  written(moment, { weekday: "long", day: "numeric", month: "long" });
/** «mån. 6.» */
export const shortDay = (moment: Moment) => written(moment, { weekday: "short", day: "numeric" });
/** «18:00» */
export const time = (moment: Moment) => written(moment, { hour: "2-digit", minute: "2-digit" });
/** «kl. 18:00», on one line. */
export const clock = (moment: Moment) =>
  `${language.value === "en" ? "at" : "kl."}${GAP}${time(moment)}`;
/** «måndag 6. april kl. 18:00» */
export function dateAndTime(moment: Moment): string {
  return `${weekdayAndDate(moment)} ${clock(moment)}`;
}

/** «1 381,8», under a heading that says of what; a dash if unknown. */
export function number(value: number | null | undefined, decimals: number): string {
  if (value === null || value === undefined) return UNKNOWN;
  return digits(value === 0 ? 0 : value, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
}

/** Writes a number with a true minus sign, as the Norwegian format has it and the English has not. */
function digits(value: number, options: Intl.NumberFormatOptions): string {
  return numbersAs(LOCALES[language.value], options).format(value).replace("-", "−");
}

/** «1 381,8 kWh»; a dash if unknown. */
export function kwh(value: number | null | undefined, decimals = 1): string {
  return `${number(value, decimals)}${GAP}kWh`;
}

/** «4,993 kW» */
export function kw(value: number | null | undefined, decimals = 2): string {
  return `${number(value, decimals)}${GAP}kW`;
}

/** «713,58 kr» */
export function kroner(value: number | null | undefined, decimals = 2): string {
  return `${number(value, decimals)}${GAP}kr`;
}

/** «96,4 øre», of a price in kr per kWh. */
export function ore(krPerKwh: number | null | undefined, decimals = 1): string {
  return `${number(krPerKwh === null || krPerKwh === undefined ? krPerKwh : krPerKwh * 100, decimals)}${GAP}øre`;
}

/** «12 %»; how large, without the sign. */
export const percent = (share: number) => `${number(Math.abs(share) * 100, 0)}${GAP}%`;

/** «1 250», «0,5»: no more decimals than it has. */
export const short = (value: number) => digits(value, { maximumFractionDigits: 2 });

/** «1 234» */
export const whole = (value: number | null | undefined) => number(value, 0);

/** «3 t 05 min», «4 min 09 s», for a countdown. */
export function duration(seconds: number): string {
  const left = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [
    Math.floor(left / 3600),
    Math.floor((left % 3600) / 60),
    left % 60,
  ];
  const two = (value: number) => String(value).padStart(2, "0");
  const hour = language.value === "en" ? "h" : "t";
  if (hours > 0) return `${hours} ${hour} ${two(minutes)} min`;
  if (minutes > 0) return `${minutes} min ${two(rest)} s`;
  return `${rest} s`;
}

/** «6. apr. kl. 18:00», where there is little room. */
export function shortDateAndTime(moment: Moment): string {
  return `${shortDate(moment)} ${clock(moment)}`;
}

/** The local date «2026-04-06» of a moment, as the API writes it. */
export function isoDate(moment: Moment): string {
  return datesAs("sv-SE", {}).format(new Date(moment));
}

/** The hour of the clock, 0 to 23, of a moment. */
export function hourOf(moment: Moment): number {
  const clock = datesAs("en-GB", { hour: "2-digit", hourCycle: "h23" });
  return Number(clock.format(new Date(moment)));
}

/** The local time «2026-04-06T18:00» of a moment, as a field for it shows it; empty if there is none. */
export function localTime(moment: Moment | null): string {
  if (moment === null) return "";
  const clock = datesAs("sv-SE", { hour: "2-digit", minute: "2-digit" });
  return `${isoDate(moment)}T${clock.format(new Date(moment))}`;
}

/** Norway's distances from UTC, that of the summer first. */
const OFFSETS = ["+02:00", "+01:00"];

/**
 * The moment of a local time «2026-04-06T18:00», wherever the browser is. Of the hour that comes twice
 * when summer time ends, it is the first.
 *
 * @returns Undefined if there is no such time: it is incomplete, or skipped when summer time begins.
 */
export function momentOf(local: string): string | undefined {
  for (const offset of OFFSETS) {
    const moment = new Date(`${local}:00${offset}`);
    if (!Number.isNaN(moment.getTime()) && localTime(moment) === local) return moment.toISOString();
  }
  return undefined;
}
