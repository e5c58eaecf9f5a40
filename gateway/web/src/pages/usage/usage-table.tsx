import { Link } from "wouter-preact";
import { number } from "../../format";
import { said, texts } from "../../texts/language";
import { rowName } from "./names";
import type { Level, Period } from "./period";
import type { Total } from "./queries";
import { type Bucket, isToCome, valueIn } from "./series";
import { TableBehind } from "./table-behind";
import type { Unit } from "./where";
import { gapsOf } from "./words";

const TEXTS = texts({
  nn: {
    heads: { all: "År", year: "Månad", month: "Dag", day: "Time" },
    before: "I fjor",
    sum: "Sum",
  },
  nb: {
    heads: { all: "År", year: "Måned", month: "Dag", day: "Time" },
    before: "I fjor",
    sum: "Sum",
  },
  en: {
    heads: { all: "Year", year: "Month", month: "Day", day: "Hour" },
    before: "Year before",
    sum: "Sum",
  },
});

/** The same as the bars, as a table whose rows lead where the bars do. */
export function UsageTable({
  name,
  buckets,
  total,
  level,
  unit,
  to,
  today,
}: {
  name: string;
  buckets: readonly Bucket[];
  total: Total | null;
  level: Level;
  unit: Unit;
  to: (period: Period) => string;
  today: string;
}) {
  const words = said(TEXTS);
  const energyDecimals = level === "day" ? 3 : 1;
  // Of months and years øre would crowd a phone; the sum above the bars has them.
  const costDecimals = level === "all" || level === "year" ? 0 : 2;
  const hasBefore = buckets.some((bucket) => bucket.before !== null);
  return (
    <TableBehind name={name}>
      <thead>
        <tr>
          <th scope="col">{words.heads[level]}</th>
          <th scope="col">kWh</th>
          <th scope="col">kr</th>
          {hasBefore && (
            <th scope="col">
              {words.before}, {unit === "kr" ? "kr" : "kWh"}
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {buckets.map((bucket) => (
          <tr key={bucket.start}>
            <th scope="row">
              {bucket.period === undefined ? (
                bucket.name
              ) : isToCome(bucket, today) ? (
                rowName(bucket.period)
              ) : (
                <Link class="ds-link" href={to(bucket.period)}>
                  {rowName(bucket.period)}
                </Link>
              )}
              {gapsOf(bucket).map((gap) => (
                <span key={gap} class="gap">
                  {gap}
                </span>
              ))}
            </th>
            <td>{number(bucket.kwh, energyDecimals)}</td>
            <td>{number(bucket.cost, costDecimals)}</td>
            {hasBefore && (
              <td>
                {number(
                  bucket.before && valueIn(bucket.before, unit),
                  unit === "kr" ? costDecimals : energyDecimals,
                )}
              </td>
            )}
          </tr>
        ))}
      </tbody>
      {total !== null && (
        <tfoot>
          <tr>
            <th scope="row">{words.sum}</th>
            <td>{number(total.kwh, energyDecimals)}</td>
            <td>{number(total.cost, costDecimals)}</td>
            {hasBefore && <td />}
          </tr>
        </tfoot>
      )}
    </TableBehind>
  );
}
