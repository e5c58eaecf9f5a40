import { describe, expect, it } from "vitest";
import { changed, EMPTY, sent } from "./typed";

const TYPED = {
  ...EMPTY,
  title: " Konsert ",
  venue: "Kulturhuset",
  startsAt: "2026-10-25T19:00",
  capacity: "120",
};

describe("an event that is typed", () => {
  it("is sent in UTC, and without what was left empty", () => {
    expect(sent(TYPED)).toEqual({
      title: "Konsert",
      text: "",
      venue: "Kulturhuset",
      startsAt: "2026-10-25T18:00:00.000Z",
      capacity: 120,
      maxPerCustomer: 4,
    });
  });

  it("has the end of a registration only if it is a ballot", () => {
    const ballot = { ...TYPED, ballotClosesAt: "2026-10-20T12:00" };
    expect(sent(ballot)).not.toHaveProperty("ballotClosesAt");
    expect(sent({ ...ballot, mode: "BALLOT" })).toMatchObject({
      ballotClosesAt: "2026-10-20T10:00:00.000Z",
    });
  });

  it("is sent with what was changed alone when it is known", () => {
    expect(changed(TYPED, TYPED)).toEqual({});
    expect(changed(TYPED, { ...TYPED, startsAt: "2026-10-24T19:00" })).toEqual({
      startsAt: "2026-10-24T17:00:00.000Z",
    });
  });
});
