import { queryOptions } from "@tanstack/preact-query";
import { answerOf, api } from "../../api/client";
import type { components } from "../../api/schema";
import type { Level, Span } from "./period";

type Schemas = components["schemas"];
export type MeteringPoint = Schemas["MeteringPoint"];
export type Usage = Schemas["Usage"];
export type Total = Schemas["Usage.Total"];
export type Component = Schemas["Usage.Component"];
export type Comparison = Schemas["UsageComparison"];
export type Bill = Schemas["Bill"];
export type Capacity = Schemas["Capacity"];
export type SpotDay = Schemas["SpotPrices.Day"];
export type Direction = "CONSUMPTION" | "PRODUCTION";
export type FileFormat = "CSV" | "XLSX" | "GREEN_BUTTON";

/** Values come once a day, and prices too. */
const FRESH_MS = 5 * 60_000;

/** What the buckets of a level are. */
const BUCKETS: Record<Level, Schemas["Usage.Resolution"]> = {
  all: "YEAR",
  year: "MONTH",
  month: "DAY",
  day: "HOUR",
};

export const meteringPoints = queryOptions({
  queryKey: ["meteringPoints"],
  queryFn: async () => {
    const points: MeteringPoint[] = [];
    let pageToken = "";
    do {
      const query = pageToken ? { pageToken } : {};
      const page = await answerOf(api.GET("/v1/meteringPoints", { params: { query } }));
      points.push(...page.meteringPoints);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return points;
  },
  staleTime: FRESH_MS,
});

export const usage = (gsrn: string, level: Level, span: Span, direction: Direction) =>
  queryOptions({
    queryKey: ["usage", gsrn, level, span, direction],
    queryFn: () =>
      answerOf(
        api.GET("/v1/meteringPoints/{gsrn}/usage", {
          params: {
            path: { gsrn },
            query: { ...span, resolution: BUCKETS[level], view: "FULL", direction },
          },
        }),
      ),
    staleTime: FRESH_MS,
  });

export const comparison = (gsrn: string, span: Span) =>
  queryOptions({
    queryKey: ["usageComparison", gsrn, span],
    queryFn: () =>
      answerOf(
        api.GET("/v1/meteringPoints/{gsrn}/usage:compare", {
          params: { path: { gsrn }, query: span },
        }),
      ),
    staleTime: FRESH_MS,
  });

export const bill = (gsrn: string, month: string) =>
  queryOptions({
    queryKey: ["bill", gsrn, month],
    queryFn: () =>
      answerOf(
        api.GET("/v1/meteringPoints/{gsrn}/bills/{month}", { params: { path: { gsrn, month } } }),
      ),
    staleTime: FRESH_MS,
  });

export const estimatedBill = (gsrn: string, month: string) =>
  queryOptions({
    queryKey: ["estimatedBill", gsrn, month],
    queryFn: () =>
      answerOf(
        api.GET("/v1/meteringPoints/{gsrn}/bills/{month}:estimate", {
          params: { path: { gsrn, month } },
        }),
      ),
    staleTime: FRESH_MS,
  });

export const capacity = (gsrn: string, month: string) =>
  queryOptions({
    queryKey: ["capacity", gsrn, month],
    queryFn: () =>
      answerOf(
        api.GET("/v1/meteringPoints/{gsrn}/capacity/{month}", {
          params: { path: { gsrn, month } },
        }),
      ),
    staleTime: FRESH_MS,
  });

export const products = (gsrn: string, span: Span) =>
  queryOptions({
    queryKey: ["products", gsrn, span],
    queryFn: () =>
      answerOf(
        api.GET("/v1/meteringPoints/{gsrn}/products:compare", {
          params: { path: { gsrn }, query: span },
        }),
      ),
    staleTime: FRESH_MS,
  });

export const spotPrices = (priceArea: string) =>
  queryOptions({
    queryKey: ["spotPrices", priceArea],
    queryFn: () => answerOf(api.GET("/v1/spotPrices", { params: { query: { priceArea } } })),
    // Those of tomorrow come in the afternoon, while somebody may be waiting for them.
    refetchInterval: FRESH_MS,
  });

/** Fetches a file of hours: asked for by the client, it is in the reader's language. */
export async function exported(gsrn: string, span: Span, format: FileFormat): Promise<Blob> {
  return answerOf(
    api.GET("/v1/meteringPoints/{gsrn}/usage/export", {
      params: { path: { gsrn }, query: { ...span, format } },
      parseAs: "blob",
    }),
  );
}
