import { type Event, moment } from "./queries";

/** What can be done about an event now; which of these holds follows from its times and numbers. */
export type Standing =
  | { kind: "cancelled" }
  | { kind: "begun" }
  | { kind: "notOpen" }
  | { kind: "registering" }
  | { kind: "drawing" }
  | { kind: "available"; left: number }
  | { kind: "full"; takesWaiting: boolean }
  | { kind: "closed"; takesWaiting: boolean };

/** Says how an event stands at a moment. */
export function standing(event: Event, now: number): Standing {
  const takesWaiting = now < moment(event.waitingListClosesAt);
  if (event.status === "CANCELLED") return { kind: "cancelled" };
  if (now >= moment(event.startsAt)) return { kind: "begun" };
  if (now < moment(event.salesOpenAt)) return { kind: "notOpen" };
  if (event.ballot !== null && event.ballot.drawnAt === null) {
    return { kind: now < moment(event.ballot.closesAt) ? "registering" : "drawing" };
  }
  if (now >= moment(event.salesCloseAt)) return { kind: "closed", takesWaiting };
  if (event.available > 0) return { kind: "available", left: event.available };
  return { kind: "full", takesWaiting };
}
