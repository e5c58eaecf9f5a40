import { queryOptions, useQuery } from "@tanstack/preact-query";
import { answerOf, api } from "../../api/client";
import { KEPT, queries } from "../../api/queries";
import type { components } from "../../api/schema";
import { together } from "../../ui/together";

export type Event = components["schemas"]["Event"];
export type Reservation = components["schemas"]["Reservation"];
export type Ticket = components["schemas"]["Ticket"];
export type Entry = components["schemas"]["WaitlistEntry"];
export type Offer = components["schemas"]["WaitlistEntry.Offer"];

const PAGE_SIZE = 200;
const LOOK_AT_THE_LINE_MS = 60_000;

/** The events to come, the next one first. */
export const coming = queryOptions({
  ...KEPT,
  queryKey: ["events", "coming"],
  queryFn: () => events(false),
});

/** The events that have begun, the last one first. */
export const past = queryOptions({
  queryKey: ["events", "past"],
  queryFn: async () => {
    const begun = (await events(true)).filter(({ startsAt }) => moment(startsAt) <= Date.now());
    return begun.reverse();
  },
});

export const event = (id: string) =>
  queryOptions({
    ...KEPT,
    queryKey: ["events", id],
    queryFn: () =>
      answerOf(api.GET("/v1/events/{event_id}", { params: { path: { event_id: id } } })),
    initialData: () => queries.getQueryData(coming.queryKey)?.find((each) => each.id === id),
    initialDataUpdatedAt: () => queries.getQueryState(coming.queryKey)?.dataUpdatedAt,
  });

/** How a ballot was drawn. */
export const draw = (id: string) =>
  queryOptions({
    queryKey: ["events", id, "draw"],
    queryFn: () =>
      answerOf(api.GET("/v1/events/{event_id}/draw", { params: { path: { event_id: id } } })),
  });

/** All reservations of the person, with their tickets, the newest first. */
export const reservations = queryOptions({
  ...KEPT,
  queryKey: ["reservations", "mine"],
  queryFn: () =>
    everyPage(async (query) => {
      const page = await answerOf(api.GET("/v1/me/reservations", { params: { query } }));
      return [page.reservations, page.nextPageToken];
    }),
});

/** Where the person waits and has waited, the newest first. */
export const entries = queryOptions({
  ...KEPT,
  queryKey: ["waitlist", "mine"],
  queryFn: () =>
    everyPage(async (query) => {
      const page = await answerOf(api.GET("/v1/me/waitlistEntries", { params: { query } }));
      return [page.waitlistEntries, page.nextPageToken];
    }),
  // That others ahead have left, nobody is told.
  refetchInterval: ({ state }) =>
    state.data?.some(({ status }) => status === "WAITING") && LOOK_AT_THE_LINE_MS,
});

/** What the person has: reservations, and entries on waiting lists. */
export function useMine() {
  return together(useQuery(reservations), useQuery(entries));
}

function events(withPast: boolean): Promise<Event[]> {
  return everyPage(async (query) => {
    const page = await answerOf(
      api.GET("/v1/events", { params: { query: { ...query, past: withPast } } }),
    );
    return [page.events, page.nextPageToken];
  });
}

async function everyPage<Item>(
  fetchPage: (query: { pageSize: number; pageToken: string }) => Promise<[Item[], string]>,
): Promise<Item[]> {
  const all: Item[] = [];
  let pageToken = "";
  do {
    const [items, next] = await fetchPage({ pageSize: PAGE_SIZE, pageToken });
    all.push(...items);
    pageToken = next;
  } while (pageToken !== "");
  return all;
}

/** A moment of the API in milliseconds. It may leave out any; those asked for here are always set. */
export function moment(given: string | null): number {
  return Date.parse(given ?? "");
}

const LASTS_MS = 12 * 60 * 60_000;

/** Whether an event is likely over, so that its tickets are of no use; when it ends is not known. */
export function isOver(startsAt: string | null, now: number): boolean {
  return now > moment(startsAt) + LASTS_MS;
}

/** Whether an offer can still be answered. */
export function isOpen(entry: Entry, now: number): entry is Entry & { offer: Offer } {
  return entry.offer !== null && now < moment(entry.offer.expiresAt);
}

/** Shows what a change has answered, and fetches what it has changed beside. */
export function takeReservation(reservation: Reservation): void {
  queries.setQueryData(reservations.queryKey, (known) => [
    reservation,
    ...(known ?? []).filter(({ id }) => id !== reservation.id),
  ]);
  void queries.invalidateQueries({ queryKey: ["events"] });
}

/** Shows what a change has answered, and fetches what it has changed beside. */
export function takeEntry(entry: Entry): void {
  queries.setQueryData(entries.queryKey, (known) => [
    entry,
    ...(known ?? []).filter(({ id }) => id !== entry.id),
  ]);
  void queries.invalidateQueries({ queryKey: ["events"] });
}
