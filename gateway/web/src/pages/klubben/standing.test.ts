import { describe, expect, it } from "vitest";
import type { Event } from "./queries";
import { standing } from "./standing";

const concert: Event = {
  id: "1",
  title: "Konsert",
  text: "",
  venue: "Kulturhuset",
  startsAt: "2026-12-20T18:00:00Z",
  salesOpenAt: "2026-12-01T09:00:00Z",
  salesCloseAt: "2026-12-20T17:00:00Z",
  waitingListClosesAt: "2026-12-20T12:00:00Z",
  capacity: 200,
  available: 12,
  maxPerCustomer: 4,
  waitingParties: 0,
  status: "PUBLISHED",
  mode: "FIRST_COME",
  ballot: null,
  cancelReason: "",
};
const ballot = { closesAt: "2026-12-10T11:00:00Z", commitment: "", drawnAt: null };
const at = (moment: string, changes: Partial<Event> = {}) =>
  standing({ ...concert, ...changes }, Date.parse(moment));

describe("an event", () => {
  it("cannot be reserved before its sales open, and can from that moment on", () => {
    expect(at("2026-12-01T08:59:59Z")).toEqual({ kind: "notOpen" });
    expect(at("2026-12-01T09:00:00Z")).toEqual({ kind: "available", left: 12 });
  });

  it("that is full takes people on its waiting list until that closes", () => {
    const full = { available: 0 };
    expect(at("2026-12-20T11:59:59Z", full)).toEqual({ kind: "full", takesWaiting: true });
    expect(at("2026-12-20T12:00:00Z", full)).toEqual({ kind: "full", takesWaiting: false });
  });

  it("can no longer be reserved when its sales have closed, nor when it has begun", () => {
    expect(at("2026-12-20T17:00:00Z")).toEqual({ kind: "closed", takesWaiting: false });
    expect(at("2026-12-20T18:00:00Z")).toEqual({ kind: "begun" });
  });

  it("with a ballot takes registrations, then is drawn, then has what is left for anyone", () => {
    expect(at("2026-12-10T10:59:59Z", { ballot })).toEqual({ kind: "registering" });
    expect(at("2026-12-10T11:00:00Z", { ballot })).toEqual({ kind: "drawing" });
    const drawn = { ...ballot, drawnAt: "2026-12-10T11:00:02Z" };
    expect(at("2026-12-10T11:00:03Z", { ballot: drawn })).toEqual({ kind: "available", left: 12 });
  });

  it("that is cancelled is cancelled at any time", () => {
    expect(at("2026-12-21T00:00:00Z", { status: "CANCELLED" })).toEqual({ kind: "cancelled" });
  });
});
