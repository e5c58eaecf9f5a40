import { localTime, momentOf } from "../../../format";
import type { Event } from "../queries";

export type Mode = Event["mode"];

export const TIMES = [
  "startsAt",
  "salesOpenAt",
  "salesCloseAt",
  "waitingListClosesAt",
  "ballotClosesAt",
] as const;
type Time = (typeof TIMES)[number];
type Text = "title" | "text" | "venue";
type Count = "capacity" | "maxPerCustomer";

/** What is typed about an event: times as the clock in Norway shows them, and numbers as digits. */
export type Typed = Record<Text | Time | Count, string> & { mode: Mode };

/** What of it is said to the API. */
export type Sent = Record<Text, string> & Record<Count, number> & Partial<Record<Time, string>>;

export const EMPTY: Typed = {
  title: "",
  text: "",
  venue: "",
  startsAt: "",
  salesOpenAt: "",
  salesCloseAt: "",
  waitingListClosesAt: "",
  capacity: "",
  maxPerCustomer: "4",
  mode: "FIRST_COME",
  ballotClosesAt: "",
};

export function typedOf(event: Event): Typed {
  return {
    title: event.title,
    text: event.text,
    venue: event.venue,
    startsAt: localTime(event.startsAt),
    salesOpenAt: localTime(event.salesOpenAt),
    salesCloseAt: localTime(event.salesCloseAt),
    waitingListClosesAt: localTime(event.waitingListClosesAt),
    capacity: String(event.capacity),
    maxPerCustomer: String(event.maxPerCustomer),
    mode: event.mode,
    ballotClosesAt: localTime(event.ballot?.closesAt ?? null),
  };
}

/** Returns what was typed as the API takes it; times that were left empty are left out. */
export function sent(typed: Typed): Sent {
  const all: Sent = {
    title: typed.title.trim(),
    text: typed.text.trim(),
    venue: typed.venue.trim(),
    capacity: Number(typed.capacity),
    maxPerCustomer: Number(typed.maxPerCustomer),
  };
  for (const time of TIMES) {
    const moment = momentOf(typed[time]);
    const isMeant = time !== "ballotClosesAt" || typed.mode === "BALLOT";
    if (moment !== undefined && isMeant) all[time] = moment;
  }
  return all;
}

/** Returns only what is no longer as it was. */
export function changed(before: Typed, now: Typed): Partial<Sent> {
  const all: Partial<Sent> = sent(now);
  for (const name of ["title", "text", "venue", "capacity", "maxPerCustomer", ...TIMES] as const) {
    if (before[name] === now[name]) delete all[name];
  }
  return all;
}
