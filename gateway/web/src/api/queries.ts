import { QueryClient, queryOptions, useQuery } from "@tanstack/preact-query";
import { answerOf, api, mayBeLoggedIn } from "./client";
import { LoginDeclined, Offline, Problem } from "./problem";

const TRIES = 3;

/** What has been fetched, shared by all pages. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: "always", // a lost connection is said, not waited for in silence
      staleTime: 30_000,
      retry: (failures, error) => failures < TRIES - 1 && isTemporary(error),
      retryDelay: (failures, error) =>
        1000 * ((error instanceof Problem && error.document.retryAfter) || 2 ** failures / 2),
    },
  },
});

function isTemporary(error: Error): boolean {
  if (error instanceof Problem) return error.status >= 500;
  return error instanceof Offline && navigator.onLine;
}

/** For what is kept on the device and shown where there is no network: see `kept.ts`. */
export const KEPT = { meta: { isKept: true }, gcTime: Number.POSITIVE_INFINITY };

export const me = queryOptions({
  ...KEPT,
  queryKey: ["me"],
  queryFn: async () => {
    if (!mayBeLoggedIn()) return null;
    try {
      return await answerOf(api.GET("/v1/me"));
    } catch (error) {
      if (error instanceof LoginDeclined || (error instanceof Problem && error.status === 401)) {
        return null;
      }
      throw error;
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
});

/** Who is logged in: null if nobody is, undefined while that is being asked. */
export function useMe() {
  return useQuery(me);
}
