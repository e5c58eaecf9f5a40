/** What happens at the door, as this device knows it: the list, and what was tapped here. */

import { bySurname } from "../guests/people";
import type { GuestList, GuestParty } from "../queries";

/** What came of a tap, once the others know of it. */
export type Outcome =
  | "RECORDED"
  | "REPEATED"
  | "CONFLICT"
  | "UNKNOWN_TICKET"
  | "UNREADABLE"
  /** It did not add up, and nobody was recorded: staff decide. */
  | "REFUSED";

/** Something that was tapped at this door. It is kept before anything else is done with it. */
export type Tap = {
  /** Its name, which lets it be sent as often as need be. */
  nonce: string;
  event: string;
  kind: "ADMIT" | "UNDO";
  /** Whose it is; empty of a ticket that is not on the list. */
  reservationId: string;
  /** What was scanned or typed, until it was sent; empty if the party was chosen from the list. */
  ticket: string;
  /** The code of that ticket, if it is on the list. */
  code: string;
  guests: number;
  device: string;
  happenedAt: string;
  /** Whether staff have decided so although it does not add up. */
  isDecided: boolean;
  /** Unset while it waits to be sent. */
  outcome: Outcome | null;
  /** Whether staff have looked at what does not add up. */
  isSettled: boolean;
};

/** A party with what was tapped here and is not sent yet. */
export type Standing = {
  party: GuestParty;
  admitted: number;
  remaining: number;
  lastAt: string | null;
  lastDevice: string;
};

/** What does not add up when guests are let in. */
export type Objection = "given back" | "shown before" | "too many";

export const waits = (tap: Tap) => tap.outcome === null;

/** Whether staff should look at what came of it. */
export function needsALook(tap: Tap): boolean {
  const odd = tap.outcome === "REFUSED" || tap.outcome === "CONFLICT";
  return (odd || tap.outcome === "UNKNOWN_TICKET") && !tap.isSettled;
}

const change = ({ kind, guests }: Tap) => (kind === "ADMIT" ? guests : -guests);
const total = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0);

/** Returns how many of a party are in, with what waits to be sent. */
export function standing(party: GuestParty, taps: readonly Tap[]): Standing {
  const waiting = taps.filter((tap) => waits(tap) && tap.reservationId === party.reservationId);
  const admitted = party.admitted + total(waiting.map(change));
  const last = waiting.filter(({ kind }) => kind === "ADMIT").at(-1);
  return {
    party,
    admitted,
    remaining: Math.max(party.tickets - admitted, 0),
    lastAt: last?.happenedAt ?? party.lastAdmittedAt,
    lastDevice: last?.device ?? party.lastDevice,
  };
}

/** Returns how many guests are in, those included whose tickets nobody knows yet. */
export function inside(list: GuestList, taps: readonly Tap[]): number {
  return list.totalAdmitted + total(taps.filter(waits).map(change));
}

/** Returns what does not add up if guests are let in; nothing if it does. */
export function objection(
  { party, admitted }: Standing,
  code: string,
  guests: number,
  taps: readonly Tap[],
): Objection | null {
  if (party.tickets === 0) return "given back";
  const before = taps.some(
    (tap) => tap.kind === "ADMIT" && tap.code === code && tap.outcome !== "REFUSED",
  );
  if (code !== "" && before && admitted > 0) return "shown before";
  return admitted + guests > party.tickets ? "too many" : null;
}

/** Returns the list with what has changed since. */
export function merged(list: GuestList, changes: GuestList): GuestList {
  const { parties, ...facts } = changes;
  return { ...facts, sinceVersion: "0", parties: withThese(list.parties, parties) };
}

/** Returns the list with parties as they are now, after something of them was sent. */
export function updated(list: GuestList, changed: readonly GuestParty[]): GuestList {
  const parties = withThese(list.parties, changed);
  return {
    ...list,
    parties,
    totalTickets: total(parties.map(({ tickets }) => tickets)),
    totalAdmitted: total(parties.map(({ admitted }) => admitted)),
  };
}

function withThese(parties: readonly GuestParty[], changed: readonly GuestParty[]): GuestParty[] {
  const all = new Map([...parties, ...changed].map((each) => [each.reservationId, each]));
  return [...all.values()]
    .filter(({ tickets, admitted }) => tickets > 0 || admitted !== 0)
    .sort(bySurname);
}

/** A ticket of a party on the list. */
export type Ticket = { party: GuestParty; code: string };

const bare = (code: string) => code.toUpperCase().replace(/[^0-9A-Z]/g, "");

/** Returns whose ticket was scanned or typed; nothing if it is not on the list. */
export async function ticketOf(list: GuestList, shown: string): Promise<Ticket | undefined> {
  const hash = await sha256(shown.trim());
  const code = bare(shown);
  for (const party of list.parties) {
    const index = party.tokenHashes.indexOf(hash);
    const found = party.codes[index] ?? party.codes.find((each) => bare(each) === code);
    if (found !== undefined) return { party, code: found };
  }
  return undefined;
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
