import { beforeEach, describe, expect, it } from "vitest";
import { language } from "../../texts/language";
import { datesName, partName, periodName, yearsName } from "./names";

beforeEach(() => {
  language.value = "nn";
});

describe("a period's name", () => {
  it("is its own, or the one within what it is a part of", () => {
    expect(["", "2026", "2026-04", "2026-04-07"].map(periodName)).toEqual([
      "Alle år",
      "2026",
      "april 2026",
      "tysdag 7. april 2026",
    ]);
    expect(["2026-04", "2026-04-07"].map(partName)).toEqual(["april", "tysdag 7. april"]);
  });

  it("is that of its years, where it is all of them", () => {
    expect(yearsName({ from: "2024-01-01", to: "2027-01-01" })).toBe("2024–2026");
    expect(yearsName({ from: "2026-01-01", to: "2027-01-01" })).toBe("2026");
  });
});

describe("dates from one to another", () => {
  it("say no month or year twice", () => {
    expect(datesName("2025-11-01", "2025-11-29")).toBe("1.–29. nov. 2025");
    expect(datesName("2025-01-01", "2025-11-29")).toBe("1. jan. – 29. nov. 2025");
    expect(datesName("2024-12-30", "2025-01-02")).toBe("30. des. 2024 – 2. jan. 2025");
    expect(datesName("2025-11-29", "2025-11-29")).toBe("29. nov. 2025");
  });
});
