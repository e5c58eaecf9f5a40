import type { Event } from "../queries";

/** Where an event is, as staff look for it. */
export type Phase = "draft" | "coming" | "cancelled" | "past";

/** For how long after its start an event still has its door open. */
const LASTS_MS = 12 * 3600_000;

export function phaseOf(event: Pick<Event, "status" | "startsAt">, now = Date.now()): Phase {
  if (event.status === "CANCELLED") return "cancelled";
  if (event.startsAt !== null && Date.parse(event.startsAt) + LASTS_MS < now) return "past";
  return event.status === "DRAFT" ? "draft" : "coming";
}
