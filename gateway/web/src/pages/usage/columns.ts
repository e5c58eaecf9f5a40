import { said, texts } from "../../texts/language";
import type { Column } from "./chart";
import type { Period } from "./period";
import { type Bucket, isToCome, isUnpriced, valueIn } from "./series";
import type { Unit } from "./where";
import { amount, gapsOf } from "./words";

const TEXTS = texts({
  nn: { before: (value: string) => `I fjor ${value}` },
  nb: { before: (value: string) => `I fjor ${value}` },
  en: { before: (value: string) => `The year before ${value}` },
});

/** Returns what a chart shows of buckets. */
export function columnsOf(
  buckets: readonly Bucket[],
  { unit, today, to }: { unit: Unit; today: string; to: (period: Period) => string },
): Column[] {
  const words = said(TEXTS);
  return buckets.map((bucket) => {
    const isHour = bucket.period === undefined;
    const value = valueIn(bucket, unit);
    const before = bucket.before && valueIn(bucket.before, unit);
    const shown = amount(value, unit, isHour);
    const more = [
      ...(before === null ? [] : [words.before(amount(before, unit, isHour))]),
      ...gapsOf(bucket),
    ];
    return {
      key: bucket.start,
      axis: bucket.axis,
      value,
      before,
      tentative: bucket.estimatedHours / bucket.hours,
      missing: bucket.missingHours / bucket.hours,
      isUnknown: unit === "kr" && isUnpriced(bucket),
      isNow: false,
      isMarked: false,
      name: bucket.name,
      shown,
      more,
      said: `${bucket.name}: ${[shown, ...more].join(". ")}`,
      to: bucket.period === undefined ? undefined : to(bucket.period),
      isToCome: isToCome(bucket, today),
    };
  });
}
