import { describe, expect, it } from "vitest";
import { phaseOf } from "./phase";

const NOW = Date.parse("2026-12-05T20:00:00Z");

describe("an event", () => {
  it("is coming while its evening lasts, and then past", () => {
    expect(phaseOf({ status: "PUBLISHED", startsAt: "2026-12-05T18:00:00Z" }, NOW)).toBe("coming");
    expect(phaseOf({ status: "PUBLISHED", startsAt: "2026-12-04T18:00:00Z" }, NOW)).toBe("past");
  });

  it("is a draft until it is published, and cancelled for good", () => {
    expect(phaseOf({ status: "DRAFT", startsAt: "2026-12-24T18:00:00Z" }, NOW)).toBe("draft");
    expect(phaseOf({ status: "CANCELLED", startsAt: "2026-12-04T18:00:00Z" }, NOW)).toBe(
      "cancelled",
    );
  });
});
