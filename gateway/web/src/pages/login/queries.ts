import { queryOptions } from "@tanstack/preact-query";
import { answerOf, api } from "../../api/client";

/** The third parties that one can log in with. */
export const providers = queryOptions({
  queryKey: ["identityProviders"],
  queryFn: async () => (await answerOf(api.GET("/v1/identityProviders"))).providers,
});
