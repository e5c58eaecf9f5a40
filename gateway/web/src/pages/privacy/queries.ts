import { infiniteQueryOptions, queryOptions } from "@tanstack/preact-query";
import { answerOf, api } from "../../api/client";
import type { components } from "../../api/schema";
import type { Language } from "../../texts/language";

export type MyConsents = components["schemas"]["MyConsents"];
export type Consent = components["schemas"]["MyConsents.Consent"];
export type Channel = components["schemas"]["Channel"];
export type Decision = components["schemas"]["Decision"];

/** What the customer has agreed to, with texts in a language. */
export const myConsents = (language: Language) =>
  queryOptions({
    queryKey: ["consents", language],
    queryFn: () => answerOf(api.GET("/v1/me/consents")),
  });

/** A version of a notice. */
export const notice = (name: string, version: number) =>
  queryOptions({
    queryKey: ["notices", name, version],
    queryFn: () =>
      answerOf(
        api.GET("/v1/notices/{notice}", {
          params: { path: { notice: name }, query: { version } },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY, // a version never changes
  });

/** The customer's decisions, the newest first. */
export const history = infiniteQueryOptions({
  queryKey: ["consents", "history"],
  initialPageParam: "",
  queryFn: ({ pageParam }) =>
    answerOf(
      api.GET("/v1/me/consents/history", {
        params: { query: { pageSize: 50, pageToken: pageParam } },
      }),
    ),
  getNextPageParam: (page) => page.nextPageToken || undefined,
});
