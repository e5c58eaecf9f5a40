import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Offline } from "../../../api/problem";
import type { GuestList, GuestParty } from "../queries";
import { Door } from "./door";
import type { Tap } from "./log";

const PARTY: GuestParty = {
  reservationId: "r1",
  customerNumber: "200001",
  name: "Kari Ås",
  tickets: 2,
  admitted: 0,
  remaining: 2,
  over: 0,
  usedInApp: 0,
  codes: [],
  tokenHashes: [],
  lastAdmittedAt: null,
  lastDevice: "",
  conflict: false,
  version: "1",
};
const LIST: GuestList = {
  eventId: "e1",
  title: "Konsert",
  venue: "Kulturhuset",
  startsAt: null,
  version: "1",
  sinceVersion: "0",
  parties: [PARTY],
  totalTickets: 2,
  totalAdmitted: 0,
  unknownTickets: 0,
  capacity: 10,
};

/** What the device keeps, and the gateway with what it is asked. */
const { disk, gateway } = vi.hoisted(() => ({
  disk: { list: undefined as unknown, taps: new Map<string, unknown>() },
  gateway: { GET: vi.fn(), POST: vi.fn() },
}));

vi.mock("./kept", () => ({
  listOf: async () => disk.list,
  tapsOf: async () => [...disk.taps.values()],
  keep: async (taps: Tap[], list?: GuestList) => {
    for (const tap of taps) disk.taps.set(tap.nonce, tap);
    if (list) disk.list = list;
  },
}));
vi.mock("../../../api/client", () => ({
  api: gateway,
  answerOf: async (call: Promise<unknown>) => call,
  attempt: () => ({}),
}));

const sentTo = () => gateway.POST.mock.calls.map(([path]) => String(path).split(":").at(-1));
let door: Door;

beforeEach(async () => {
  disk.list = LIST;
  disk.taps.clear();
  vi.stubGlobal("navigator", {
    userAgent: "",
    locks: { request: (_: string, act: () => Promise<void>) => act() },
  });
  gateway.GET.mockResolvedValue({ ...LIST, parties: [] });
  door = new Door("e1");
  await door.load();
});

afterEach(() => {
  door.close();
  vi.clearAllMocks();
  vi.unstubAllGlobals();
});

async function tap(): Promise<void> {
  await door.tap({ kind: "ADMIT", guests: 2, reservationId: "r1", ticket: "secret" });
  await door.exchange();
}

function recorded(outcome: string): void {
  gateway.POST.mockImplementation(async (_: string, { body }) => ({
    results: body.records.map(({ nonce }: Tap) => ({ nonce, outcome, reservationId: "r1" })),
    parties: [{ ...PARTY, admitted: 2 }],
  }));
}

describe("what is tapped on the net", () => {
  beforeEach(() => door.exchange());

  it("is asked about first, and nobody is recorded if it does not add up", async () => {
    gateway.POST.mockResolvedValue({ outcome: "ALREADY_ADMITTED", party: PARTY });
    await tap();
    expect(sentTo()).toEqual(["admit"]);
    expect(door.taps.value).toMatchObject([{ outcome: "REFUSED", ticket: "" }]);
  });

  it("is told of as soon as there is a network if that was lost meanwhile", async () => {
    gateway.POST.mockRejectedValue(new Offline("lost"));
    await tap();
    expect(door.link.value).toBe("offline");
    expect(door.taps.value).toMatchObject([{ outcome: null }]);
    recorded("REPEATED");
    await door.exchange();
    expect(sentTo().at(-1)).toBe("sync");
    expect(door.taps.value).toMatchObject([{ outcome: "REPEATED" }]);
  });
});

describe("what is tapped without a network", () => {
  it("is kept, and recorded later whether it adds up or not", async () => {
    gateway.POST.mockRejectedValue(new Offline("lost"));
    await tap();
    expect([...disk.taps.values()]).toMatchObject([{ outcome: null, ticket: "secret" }]);
    recorded("CONFLICT");
    await door.exchange();
    expect(sentTo()).not.toContain("admit");
    expect([...disk.taps.values()]).toMatchObject([{ outcome: "CONFLICT", ticket: "" }]);
    expect(door.list.value?.parties).toMatchObject([{ admitted: 2 }]);
  });

  it("is shown when the device is opened again", async () => {
    gateway.POST.mockRejectedValue(new Offline("lost"));
    await tap();
    const again = new Door("e1");
    await again.load();
    expect(again.taps.value).toMatchObject([{ guests: 2, outcome: null }]);
    again.close();
  });
});

describe("the list", () => {
  it("is fetched only after what waits was sent, so that nobody is counted twice", async () => {
    gateway.GET.mockClear();
    gateway.POST.mockRejectedValue(new Offline("lost"));
    await tap();
    expect(gateway.GET).not.toHaveBeenCalled();
  });
});
