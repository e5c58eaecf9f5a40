import { describe, expect, it } from "vitest";
import type { GuestParty } from "../queries";
import { bySurname, isFoundBy, listed } from "./people";

function party(name: string, customerNumber = "200001", codes: string[] = []): GuestParty {
  return {
    reservationId: customerNumber,
    customerNumber,
    name,
    tickets: codes.length,
    admitted: 0,
    remaining: codes.length,
    over: 0,
    usedInApp: 0,
    codes,
    tokenHashes: [],
    lastAdmittedAt: null,
    lastDevice: "",
    conflict: false,
    version: "1",
  };
}

describe("a guest list", () => {
  it("is in Norwegian order, with å last and aa as å", () => {
    const names = ["Kari Ås", "Ola Aasen", "Liv Ødegård", "Per Ærlig", "Nils Zahl", "", "Eva Dahl"];
    const sorted = names.map((name) => party(name)).sort(bySurname);
    expect(sorted.map(({ name }) => name)).toEqual([
      "Eva Dahl",
      "Nils Zahl",
      "Per Ærlig",
      "Liv Ødegård",
      "Kari Ås",
      "Ola Aasen",
      "",
    ]);
  });

  it("shows surnames first", () => {
    expect(listed("Odd Arne Skarbøvik")).toBe("Skarbøvik, Odd Arne");
    expect(listed("Madonna")).toBe("Madonna");
    expect(listed("")).toBe("");
  });
});

describe("a party", () => {
  const guest = party("Odd Arne Skarbøvik", "204711", ["K7QX-2M4P"]);

  it("is found by the beginnings of names, in any order", () => {
    expect(isFoundBy(guest, "skar odd")).toBe(true);
    expect(isFoundBy(guest, "SKARBØ")).toBe(true);
    expect(isFoundBy(guest, "bøvik")).toBe(false);
  });

  it("is found by customer number and by code, however it is typed", () => {
    expect(isFoundBy(guest, "2047")).toBe(true);
    expect(isFoundBy(guest, "k7qx 2m4p")).toBe(true);
    expect(isFoundBy(guest, "K7QX2")).toBe(true);
    expect(isFoundBy(guest, "2M4P")).toBe(false);
  });
});
