import { beforeEach, describe, expect, it } from "vitest";
import { language } from "../../texts/language";
import { columnsOf } from "./columns";
import type { Usage } from "./queries";
import { bucketsOf, isToCome } from "./series";

beforeEach(() => {
  language.value = "nn";
});

function usageOf(start: string[], given: Partial<Usage> = {}): Usage {
  const none = start.map(() => 0);
  return {
    meteringPoint: "707057500000000000",
    resolution: "HOUR",
    timeZone: "Europe/Oslo",
    from: "",
    to: "",
    start,
    kwh: start.map((_, place) => place),
    cost: start.map((_, place) => place * 2),
    hours: start.map(() => 1),
    missingHours: none,
    estimatedHours: none,
    unpricedHours: none,
    total: null,
    components: [],
    qualities: [],
    direction: "CONSUMPTION",
    ...given,
  };
}

const AUTUMN = ["01:00:00+02:00", "02:00:00+02:00", "02:00:00+01:00", "03:00:00+01:00"];
const SPRING = ["01:00:00+01:00", "03:00:00+02:00"];
const on = (date: string, hours: string[]) => hours.map((hour) => `${date}T${hour}`);

describe("hours", () => {
  it("of the same name on the clock are told apart by summer and winter time", () => {
    const buckets = bucketsOf(usageOf(on("2026-10-25", AUTUMN)), "day", null);
    expect(buckets.map((bucket) => bucket.name)).toEqual([
      "01–02",
      "02–03 sommartid",
      "02–03 vintertid",
      "03–04",
    ]);
    expect(buckets.map((bucket) => bucket.period)).toEqual(Array(4).fill(undefined));
  });

  it("stand beside the same hour of the clock a year before", () => {
    const ordinary = usageOf(
      on("2025-10-25", ["01:00:00+02:00", "02:00:00+02:00", "03:00:00+02:00"]),
    );
    const buckets = bucketsOf(usageOf(on("2026-10-25", AUTUMN)), "day", ordinary);
    expect(buckets.map((bucket) => bucket.before?.kwh)).toEqual([0, 1, undefined, 2]);
    const spring = bucketsOf(usageOf(on("2026-03-29", SPRING)), "day", ordinary);
    expect(spring.map((bucket) => bucket.before?.kwh)).toEqual([0, 2]);
  });
});

describe("months", () => {
  it("stand beside the same month a year before, wherever a contract began", () => {
    const now = usageOf(["2026-04-01T00:00:00+02:00", "2026-05-01T00:00:00+02:00"]);
    const before = usageOf(["2025-04-15T00:00:00+02:00"], { kwh: [7] });
    const buckets = bucketsOf(now, "year", before);
    expect(buckets.map(({ period, name, axis }) => [period, name, axis])).toEqual([
      ["2026-04", "april", "apr"],
      ["2026-05", "mai", "mai"],
    ]);
    expect(buckets.map((bucket) => bucket.before?.kwh)).toEqual([7, undefined]);
  });

  it("that have not begun are to come, and the one that runs is not", () => {
    const starts = ["2026-11-01T00:00:00+01:00", "2026-12-01T00:00:00+01:00"];
    const buckets = bucketsOf(usageOf(starts), "year", null);
    expect(buckets.map((bucket) => isToCome(bucket, "2026-11-30"))).toEqual([false, true]);
  });
});

describe("a column", () => {
  const [hour] = on("2026-04-06", ["12:00:00+02:00"]) as [string];
  const columnOf = (given: Partial<Usage>, unit: "kwh" | "kr") =>
    columnsOf(bucketsOf(usageOf([hour], given), "day", null), {
      unit,
      today: "2026-11-30",
      to: (period) => period,
    })[0];

  it("without a value is a dash and never zero", () => {
    const column = columnOf({ kwh: [null], cost: [null], missingHours: [1] }, "kwh");
    expect(column).toMatchObject({ value: null, missing: 1, isUnknown: false });
    expect(column?.said).toBe("12–13: –\u00a0kWh. 1 time manglar");
  });

  it("of which the price is unknown has energy, and a dash for its cost", () => {
    const given = { kwh: [1.5], cost: [null], unpricedHours: [1] };
    expect(columnOf(given, "kwh")).toMatchObject({ value: 1.5, isUnknown: false });
    expect(columnOf(given, "kr")).toMatchObject({ value: null, isUnknown: true });
  });

  it("is estimated as far as its hours are", () => {
    const column = columnOf({ kwh: [3], hours: [24], estimatedHours: [6] }, "kwh");
    expect(column?.tentative).toBe(0.25);
  });
});
