import { queryOptions } from "@tanstack/preact-query";
import { answerOf, api } from "../../api/client";

/** Where the account is logged in. */
export const sessions = queryOptions({
  queryKey: ["sessions"],
  queryFn: async () => (await answerOf(api.GET("/v1/me/sessions"))).sessions,
});

/** What can be shown beside a password, or instead of one. */
export const secondFactors = queryOptions({
  queryKey: ["secondFactors"],
  queryFn: () => answerOf(api.GET("/v1/me/secondFactors")),
});

export const passkeys = queryOptions({
  queryKey: ["passkeys"],
  queryFn: async () => (await answerOf(api.GET("/v1/me/passkeys"))).passkeys,
});

/** The third parties that are linked to the account. */
export const linkedProviders = queryOptions({
  queryKey: ["linkedProviders"],
  queryFn: async () => (await answerOf(api.GET("/v1/me/identityProviders"))).providers,
});
