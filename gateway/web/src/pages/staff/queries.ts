import { queryOptions } from "@tanstack/preact-query";
import { answerOf, api } from "../../api/client";
import { queries } from "../../api/queries";
import type { components } from "../../api/schema";

type Schemas = components["schemas"];
export type Event = Schemas["Event"];
export type GuestList = Schemas["GuestList"];
export type GuestParty = Schemas["GuestParty"];
export type WaitlistEntry = Schemas["WaitlistEntry"];
export type ReservationChange = Schemas["ReservationChange"];
export type Mailing = Schemas["Mailing"];

const MOST_AT_ONCE = 200;

/** Fetches all pages of a list. */
async function all<Item>(
  page: (pageToken: string) => Promise<{ items: Item[]; next: string }>,
): Promise<Item[]> {
  const items: Item[] = [];
  let token = "";
  do {
    const answer = await page(token);
    items.push(...answer.items);
    token = answer.next;
  } while (token !== "");
  return items;
}

/** All events, drafts and past ones included. */
export const allEvents = queryOptions({
  queryKey: ["events", "staff"],
  queryFn: () =>
    all(async (pageToken) => {
      const query = { past: true, pageSize: MOST_AT_ONCE, pageToken };
      const answer = await answerOf(api.GET("/v1/events", { params: { query } }));
      return { items: answer.events, next: answer.nextPageToken };
    }),
});

export const eventOf = (event: string) =>
  queryOptions({
    queryKey: ["events", event],
    queryFn: () =>
      answerOf(api.GET("/v1/events/{event_id}", { params: { path: { event_id: event } } })),
  });

/** The counters of an event; those of its rows are beside them. */
export const inventoryOf = (event: string) =>
  queryOptions({
    queryKey: ["events", event, "inventory"],
    queryFn: () =>
      answerOf(api.GET("/v1/events/{event_id}/audit", { params: { path: { event_id: event } } })),
  });

export const guestListOf = (event: string) =>
  queryOptions({
    queryKey: ["guests", event],
    queryFn: () =>
      answerOf(
        api.GET("/v1/events/{event_id}/guestList", { params: { path: { event_id: event } } }),
      ),
  });

export const waitingFor = (event: string) =>
  queryOptions({
    queryKey: ["waitlist", event, "staff"],
    queryFn: () =>
      all(async (pageToken) => {
        const answer = await answerOf(
          api.GET("/v1/events/{event_id}/waitlistEntries", {
            params: { path: { event_id: event }, query: { pageSize: MOST_AT_ONCE, pageToken } },
          }),
        );
        return { items: answer.waitlistEntries, next: answer.nextPageToken };
      }),
  });

type Changes = { changes: ReservationChange[]; next: string };

/** What was reserved and released, the oldest first; goes on from where it was the last time. */
export const changesOf = (event: string) => {
  const queryKey = ["reservations", event, "changes"];
  return queryOptions({
    queryKey,
    queryFn: async () => {
      const known = queries.getQueryData<Changes>(queryKey);
      const changes = [...(known?.changes ?? [])];
      let next = known?.next ?? "";
      for (;;) {
        const answer = await answerOf(
          api.GET("/v1/events/{event_id}/reservationChanges", {
            params: {
              path: { event_id: event },
              query: { pageSize: MOST_AT_ONCE, pageToken: next },
            },
          }),
        );
        changes.push(...answer.changes);
        next = answer.nextPageToken;
        if (answer.changes.length < MOST_AT_ONCE) return { changes, next };
      }
    },
  });
};

export const mailings = queryOptions({
  queryKey: ["mailings"],
  queryFn: () =>
    all(async (pageToken) => {
      const query = { pageSize: MOST_AT_ONCE, pageToken };
      const answer = await answerOf(api.GET("/v1/mailings", { params: { query } }));
      return { items: answer.mailings, next: answer.nextPageToken };
    }),
});

const WHILE_IT_GOES_OUT_MS = 2_000;

/** A mailing; followed closely while it is about to go out or does. */
export const mailingOf = (mailing: string) =>
  queryOptions({
    queryKey: ["mailings", mailing],
    queryFn: () =>
      answerOf(api.GET("/v1/mailings/{mailing_id}", { params: { path: { mailing_id: mailing } } })),
    refetchInterval: ({ state }) =>
      state.data?.state === "SCHEDULED" || state.data?.state === "SENDING"
        ? WHILE_IT_GOES_OUT_MS
        : false,
  });

export const previewOf = ({ id, version }: Mailing, language: string) =>
  queryOptions({
    queryKey: ["mailings", id, "preview", version, language],
    queryFn: () =>
      answerOf(
        api.GET("/v1/mailings/{mailing_id}/preview", {
          params: { path: { mailing_id: id }, query: { language } },
        }),
      ),
  });

export const purposes = queryOptions({
  queryKey: ["purposes"],
  queryFn: () => answerOf(api.GET("/v1/purposes")),
});

export const suppressionCounts = queryOptions({
  queryKey: ["suppressions"],
  queryFn: () => answerOf(api.GET("/v1/suppressions:count")),
});
