import { describe, expect, it } from "vitest";
import { pointsOf } from "./points";
import type { MeteringPoint } from "./queries";

const TODAY = "2026-11-30";

function contractOf(gsrn: string, from: string, to: string, given: Partial<MeteringPoint> = {}) {
  return {
    gsrn,
    from,
    to,
    address: "",
    priceArea: "NO3",
    gridCompany: "Linja",
    product: "SPOT",
    customerNumber: "1",
    fromTime: null,
    toTime: null,
    premises: "HOME",
    ...given,
  } satisfies MeteringPoint;
}

describe("metering points", () => {
  it("are one each, however often the product changed", () => {
    const points = pointsOf(
      [
        contractOf("1", "2024-01-01", "2025-10-01"),
        contractOf("1", "2025-10-01", "", { product: "NORGESPRIS" }),
      ],
      TODAY,
    );
    expect(points.map(({ held, contract }) => [held, contract.product])).toEqual([
      [{ from: "2024-01-01", to: "" }, "NORGESPRIS"],
    ]);
  });

  it("begin with the homes of today, and end with what is over", () => {
    const points = pointsOf(
      [
        contractOf("1", "2024-01-01", "2025-10-01"),
        contractOf("2", "2024-01-01", "", { premises: "CABIN" }),
        contractOf("3", "2024-01-01", "2026-12-01"),
      ],
      TODAY,
    );
    expect(points.map(({ contract, isOver }) => [contract.gsrn, isOver])).toEqual([
      ["3", false],
      ["2", false],
      ["1", true],
    ]);
  });
});
