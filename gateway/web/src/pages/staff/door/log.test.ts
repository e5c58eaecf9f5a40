import { describe, expect, it } from "vitest";
import type { GuestList, GuestParty } from "../queries";
import {
  inside,
  merged,
  needsALook,
  objection,
  standing,
  type Tap,
  ticketOf,
  updated,
} from "./log";

const PARTY: GuestParty = {
  reservationId: "r1",
  customerNumber: "200001",
  name: "Kari Ås",
  tickets: 3,
  admitted: 1,
  remaining: 2,
  over: 0,
  usedInApp: 0,
  codes: ["K7QX-2M4P", "AAAA-BBBB", "CCCC-DDDD"],
  // The SHA-256 of "abc", and of nothing that is used here.
  tokenHashes: ["ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "", ""],
  lastAdmittedAt: "2026-12-05T18:02:00Z",
  lastDevice: "Inngang B",
  conflict: false,
  version: "4",
};
const LIST: GuestList = {
  eventId: "e1",
  title: "Konsert",
  venue: "Kulturhuset",
  startsAt: "2026-12-05T18:00:00Z",
  version: "4",
  sinceVersion: "0",
  parties: [PARTY],
  totalTickets: 3,
  totalAdmitted: 1,
  unknownTickets: 0,
  capacity: 10,
};

function tap(changed: Partial<Tap>): Tap {
  return {
    nonce: "n1",
    event: "e1",
    kind: "ADMIT",
    reservationId: "r1",
    ticket: "",
    code: "",
    guests: 1,
    device: "Inngang A",
    happenedAt: "2026-12-05T18:30:00Z",
    isDecided: false,
    outcome: null,
    isSettled: false,
    ...changed,
  };
}

describe("a party", () => {
  it("counts what was tapped here and not sent, once", () => {
    const taps = [tap({ guests: 2 }), tap({ nonce: "n2", outcome: "RECORDED" })];
    expect(standing(PARTY, taps)).toMatchObject({ admitted: 3, remaining: 0 });
    expect(inside(LIST, taps)).toBe(3);
  });

  it("is as before when what was tapped is taken back", () => {
    const taps = [tap({ guests: 2 }), tap({ nonce: "n2", kind: "UNDO", guests: 2 })];
    expect(standing(PARTY, taps)).toMatchObject({ admitted: 1, remaining: 2 });
  });

  it("was last let in here if that is later than what the list says", () => {
    expect(standing(PARTY, [])).toMatchObject({ lastDevice: "Inngang B" });
    expect(standing(PARTY, [tap({})])).toMatchObject({
      lastDevice: "Inngang A",
      lastAt: "2026-12-05T18:30:00Z",
    });
  });
});

describe("letting in", () => {
  it("adds up while tickets are left", () => {
    expect(objection(standing(PARTY, []), "", 2, [])).toBeNull();
  });

  it("does not when more would be in than have tickets", () => {
    expect(objection(standing(PARTY, []), "", 3, [])).toBe("too many");
  });

  it("does not when a ticket is shown again, unless nobody was let in with it", () => {
    const taps = [tap({ code: "K7QX-2M4P", outcome: "RECORDED" })];
    expect(objection(standing(PARTY, taps), "K7QX-2M4P", 1, taps)).toBe("shown before");
    const refused = [tap({ code: "K7QX-2M4P", outcome: "REFUSED" })];
    expect(objection(standing(PARTY, refused), "K7QX-2M4P", 1, refused)).toBeNull();
  });

  it("does not when all tickets were given back", () => {
    const none = { ...PARTY, tickets: 0 };
    expect(objection(standing(none, []), "", 1, [])).toBe("given back");
  });
});

describe("a ticket", () => {
  it("is known by what its QR code says, without its token being on the list", async () => {
    expect(await ticketOf(LIST, "abc")).toEqual({ party: PARTY, code: "K7QX-2M4P" });
  });

  it("is known by its code, however it is typed", async () => {
    expect(await ticketOf(LIST, " aaaa bbbb ")).toEqual({ party: PARTY, code: "AAAA-BBBB" });
  });

  it("is not known by anything else", async () => {
    expect(await ticketOf(LIST, "AAAA")).toBeUndefined();
  });
});

describe("the list", () => {
  it("takes in what has changed, and loses whoever has given back everything", () => {
    const other = { ...PARTY, reservationId: "r2", name: "Per Berg" };
    const changes = { ...LIST, version: "6", totalTickets: 3, parties: [other] };
    expect(merged(LIST, changes).parties.map(({ name }) => name)).toEqual(["Per Berg", "Kari Ås"]);
    const gone = { ...LIST, parties: [{ ...PARTY, tickets: 0, admitted: 0 }] };
    expect(merged(LIST, gone).parties).toEqual([]);
  });

  it("counts anew when a party has changed", () => {
    expect(updated(LIST, [{ ...PARTY, admitted: 3 }])).toMatchObject({ totalAdmitted: 3 });
  });
});

describe("what does not add up", () => {
  it("is looked at by staff, until they have", () => {
    expect(needsALook(tap({ outcome: "CONFLICT" }))).toBe(true);
    expect(needsALook(tap({ outcome: "REFUSED", isSettled: true }))).toBe(false);
    expect(needsALook(tap({ outcome: "RECORDED" }))).toBe(false);
    expect(needsALook(tap({}))).toBe(false);
  });
});
