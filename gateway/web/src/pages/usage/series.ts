import { axisName, clockOf, hourName, partName } from "./names";
import type { Level, Period } from "./period";
import type { Usage } from "./queries";
import type { Unit } from "./where";

/** A year, month, day or hour, and what is known of it. */
export type Bucket = {
  /** Its start, which no other bucket has. */
  start: string;
  /** Where it leads; undefined for an hour, in which there is nothing more. */
  period: Period | undefined;
  name: string;
  /** The same in a few letters. */
  axis: string;
  kwh: number | null;
  cost: number | null;
  /** The same of the year before; null where it is unknown or was not the customer's. */
  before: { kwh: number | null; cost: number | null } | null;
  hours: number;
  missingHours: number;
  estimatedHours: number;
  unpricedHours: number;
};

/** How much of a start names its bucket. */
const NAMED: Record<Level, number> = { all: 4, year: 7, month: 10, day: 16 };

/** Returns an answer's columns as buckets, each beside the one of the year before. */
export function bucketsOf(usage: Usage, level: Level, before: Usage | null): Bucket[] {
  const placesBefore = placesByName(before, level);
  const names = placeNames(usage.start, level);
  return usage.start.map((start, place) => {
    const period = level === "day" ? undefined : start.slice(0, NAMED[level]);
    const then = placesBefore.get(names[place] ?? "");
    return {
      start,
      period,
      name: period === undefined ? hourName(start, usage.start) : partName(period),
      axis: period === undefined ? clockOf(start) : axisName(period),
      kwh: usage.kwh[place] ?? null,
      cost: usage.cost[place] ?? null,
      before:
        before === null || then === undefined
          ? null
          : { kwh: before.kwh[then] ?? null, cost: before.cost[then] ?? null },
      hours: usage.hours[place] ?? 0,
      missingHours: usage.missingHours[place] ?? 0,
      estimatedHours: usage.estimatedHours[place] ?? 0,
      unpricedHours: usage.unpricedHours[place] ?? 0,
    };
  });
}

export function valueIn(bucket: { kwh: number | null; cost: number | null }, unit: Unit) {
  return unit === "kr" ? bucket.cost : bucket.kwh;
}

/** Whether it has values of which the cost is unknown. */
export const isUnpriced = (bucket: Bucket) => bucket.kwh !== null && bucket.cost === null;

function placesByName(usage: Usage | null, level: Level): Map<string, number> {
  const names = usage === null ? [] : placeNames(usage.start, level);
  return new Map(names.map((name, place) => [name, place]));
}

/**
 * Names buckets by what they share with those of another year: the month, the day of the month, or
 * the hour of the clock; the second of two hours of the same name is the second there too.
 */
function placeNames(starts: readonly string[], level: Level): string[] {
  const counts = new Map<string, number>();
  return starts.map((start) => {
    const name = level === "day" ? clockOf(start) : start.slice(4, NAMED[level]);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return `${name} ${count}`;
  });
}

/** Whether it has not begun, so that there is nothing to see in it. */
export function isToCome(bucket: Bucket, today: string): boolean {
  return bucket.period !== undefined && bucket.start.slice(0, 10) > today;
}
