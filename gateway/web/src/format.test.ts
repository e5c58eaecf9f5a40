import { beforeEach, describe, expect, it } from "vitest";
import {
  beside,
  dateAndTime,
  dayOfMonth,
  duration,
  hourOf,
  isoDate,
  kroner,
  kwh,
  localTime,
  longDate,
  momentOf,
  monthName,
  percent,
  short,
  shortDateAndTime,
  shortDay,
  shortWeekday,
  weekdayAndDate,
} from "./format";
import { language } from "./texts/language";

beforeEach(() => {
  language.value = "nn";
});

describe("numbers", () => {
  it("are written as Norwegians write them", () => {
    expect(kwh(1381.83)).toBe("1\u00a0381,8\u00a0kWh");
    expect(kroner(-1427.89)).toBe("−1\u00a0427,89\u00a0kr");
  });

  it("say when a value is unknown, and never show it as zero", () => {
    expect(kwh(null)).toBe("–\u00a0kWh");
    expect(kroner(undefined)).toBe("–\u00a0kr");
    expect(kroner(0)).toBe("0,00\u00a0kr");
  });

  it("are whole as a share, without a sign", () => {
    expect(percent(-0.1466)).toBe("15\u00a0%");
  });

  it("are never minus zero", () => {
    expect(kroner(-0)).toBe("0,00\u00a0kr");
  });
});

describe("dates", () => {
  it("have the days of Nynorsk, which browsers do not know", () => {
    expect(longDate("2026-04-07T12:00:00Z")).toBe("tysdag 7. april 2026");
    expect(longDate("2026-04-11T12:00:00Z")).toBe("laurdag 11. april 2026");
    language.value = "nb";
    expect(longDate("2026-04-07T12:00:00Z")).toBe("tirsdag 7. april 2026");
    language.value = "en";
    expect(longDate("2026-04-07T12:00:00Z")).toBe("Tuesday 7 April 2026");
  });

  it("have a day and its name for the leaf of a calendar", () => {
    expect(dayOfMonth("2026-04-06T22:30:00Z")).toBe("7");
    expect(shortWeekday("2026-04-07T12:00:00Z")).toBe("tys.");
    language.value = "en";
    expect(shortWeekday("2026-04-07T12:00:00Z")).toBe("Tue");
  });

  it("can do without the year", () => {
    expect(weekdayAndDate("2026-04-07T12:00:00Z")).toBe("tysdag 7. april");
    expect(monthName("2026-04-07T12:00:00Z")).toBe("april");
    expect(shortDay("2026-04-07T12:00:00Z")).toBe("tys. 7.");
  });

  it("are those of Norway, wherever the browser is", () => {
    expect(isoDate("2026-03-31T22:30:00Z")).toBe("2026-04-01");
    expect(hourOf("2026-10-25T00:00:00Z")).toBe(2);
    expect(hourOf("2026-10-25T01:00:00Z")).toBe(2);
    expect(dateAndTime("2026-12-05T18:00:00Z")).toBe("laurdag 5. desember kl.\u00a019:00");
    expect(shortDateAndTime("2026-12-05T18:00:00Z")).toBe("5. des. kl.\u00a019:00");
  });
});

describe("in English", () => {
  it("dates have no comma, and numbers a true minus sign", () => {
    language.value = "en";
    expect(longDate("2026-04-06T10:00:00Z")).toBe("Monday 6 April 2026");
    expect(dateAndTime("2026-12-05T18:00:00Z")).toBe("Saturday 5 December at\u00a019:00");
    expect(kroner(-56.24)).toBe("−56.24\u00a0kr");
    expect(short(-0.5)).toBe("−0.5");
  });
});

describe("facts on a line", () => {
  it("are parted by dots that begin no line, and those that are not known are left out", () => {
    expect(beside("5. des.", null, "", false, "Kulturhuset")).toBe("5. des.\u00a0· Kulturhuset");
  });
});

describe("a local time that somebody types", () => {
  it("is Norway's, in winter and in summer", () => {
    expect(momentOf("2026-12-05T19:00")).toBe("2026-12-05T18:00:00.000Z");
    expect(momentOf("2026-07-05T19:00")).toBe("2026-07-05T17:00:00.000Z");
  });

  it("is right on the days when the clocks change", () => {
    expect(momentOf("2026-03-29T01:59")).toBe("2026-03-29T00:59:00.000Z");
    expect(momentOf("2026-03-29T03:00")).toBe("2026-03-29T01:00:00.000Z");
    expect(momentOf("2026-10-25T01:59")).toBe("2026-10-24T23:59:00.000Z");
    expect(momentOf("2026-10-25T03:00")).toBe("2026-10-25T02:00:00.000Z");
  });

  it("is the first of the two that the clock shows when summer time ends", () => {
    expect(momentOf("2026-10-25T02:30")).toBe("2026-10-25T00:30:00.000Z");
  });

  it("is none where the clock skips it, or where it is not complete", () => {
    expect(momentOf("2026-03-29T02:30")).toBeUndefined();
    expect(momentOf("")).toBeUndefined();
    expect(momentOf("2026-02-30T12:00")).toBeUndefined();
  });

  it("comes back as it was typed", () => {
    expect(localTime("2026-12-05T18:00:00Z")).toBe("2026-12-05T19:00");
    expect(localTime("2026-07-04T22:05:00Z")).toBe("2026-07-05T00:05");
    expect(localTime(null)).toBe("");
  });
});

describe("a countdown", () => {
  it("says hours, then minutes, then seconds", () => {
    expect(duration(11_105)).toBe("3 t 05 min");
    expect(duration(249)).toBe("4 min 09 s");
    expect(duration(-3)).toBe("0 s");
  });
});
