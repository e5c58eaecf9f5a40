import { describe, expect, it } from "vitest";
import { around, isHeldIn, levelOf, pathOf, periodOf, shifted, spanOf, yearBefore } from "./period";

const HELD = { from: "2024-04-15", to: "" };
const TODAY = "2026-11-30";

describe("the period that an address names", () => {
  it("is a year, a month or a day, and without any all years", () => {
    expect(periodOf()).toBe("");
    expect(periodOf("2026")).toBe("2026");
    expect(periodOf("2026", "04")).toBe("2026-04");
    expect(periodOf("2028", "02", "29")).toBe("2028-02-29");
  });

  it("is none where the calendar has none", () => {
    for (const parts of [["26"], ["2026", "4"], ["2026", "13"], ["2026", "02", "29"], ["straum"]]) {
      expect(periodOf(...parts)).toBeUndefined();
    }
  });

  it("is read back from its path", () => {
    expect(pathOf("2026-04-06")).toBe("/2026/04/06");
    expect(pathOf("")).toBe("");
  });
});

describe("a period", () => {
  it("has a level, and lies in wider ones", () => {
    expect(["", "2026", "2026-04", "2026-04-06"].map(levelOf)).toEqual([
      ...["all", "year", "month", "day"],
    ]);
    expect(around("2026-04-06")).toEqual(["", "2026", "2026-04"]);
    expect(around("")).toEqual([]);
  });

  it("has neighbours over the ends of months and years", () => {
    expect(shifted("2026", 1)).toBe("2027");
    expect(shifted("2026-01", -1)).toBe("2025-12");
    expect(shifted("2026-02-28", 1)).toBe("2026-03-01");
    expect(shifted("2026-03-29", 1)).toBe("2026-03-30");
  });

  it("goes from its first date to the one after its last", () => {
    expect(spanOf("2026", HELD, TODAY)).toEqual({ from: "2026-01-01", to: "2027-01-01" });
    expect(spanOf("2026-12", HELD, TODAY)).toEqual({ from: "2026-12-01", to: "2027-01-01" });
    expect(spanOf("2026-10-25", HELD, TODAY)).toEqual({ from: "2026-10-25", to: "2026-10-26" });
  });

  it("of all years begins and ends with the contract", () => {
    expect(spanOf("", HELD, TODAY)).toEqual({ from: "2024-01-01", to: "2027-01-01" });
    const over = { from: "2024-04-15", to: "2026-01-01" };
    expect(spanOf("", over, TODAY)).toEqual({ from: "2024-01-01", to: "2026-01-01" });
  });

  it("has the same dates a year before, of which 29 February is 28 February", () => {
    expect(yearBefore({ from: "2026-04-01", to: "2026-05-01" })).toEqual({
      from: "2025-04-01",
      to: "2025-05-01",
    });
    expect(yearBefore({ from: "2028-02-01", to: "2028-03-01" })).toEqual({
      from: "2027-02-01",
      to: "2027-03-01",
    });
    expect(yearBefore({ from: "2028-02-29", to: "2028-03-01" })).toEqual({
      from: "2027-02-28",
      to: "2027-03-01",
    });
  });

  it("is a customer's where the contract lasts on any of its dates", () => {
    const may = { from: "2026-05-01", to: "2026-06-01" };
    expect(isHeldIn(may, { from: "2026-05-31", to: "" })).toBe(true);
    expect(isHeldIn(may, { from: "2026-06-01", to: "" })).toBe(false);
    expect(isHeldIn(may, { from: "2025-01-01", to: "2026-05-01" })).toBe(false);
  });
});
