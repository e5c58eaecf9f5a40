import { said, texts } from "../../texts/language";
import type { Column } from "./chart";
import { levelOf, type Period } from "./period";
import type { Total } from "./queries";
import { shared } from "./words";

const TEXTS = texts({
  nn: { before: "Same tid i fjor" },
  nb: { before: "Samme tid i fjor" },
  en: { before: "The year before" },
});

/** What the signs in a chart mean, of those that are in it, and how often they hold. */
export function Legend({
  columns,
  total,
  period,
  isProduction,
}: {
  columns: readonly Column[];
  total: Total | null;
  period: Period;
  isProduction: boolean;
}) {
  const words = said(TEXTS);
  const { missing, estimated, unpriced } = shared();
  const { missingHours = 0, estimatedHours = 0, unpricedHours = 0 } = total ?? {};
  const hasBefore = columns.some((column) => column.before !== null);
  const entries: (readonly [string, string])[] = [];
  if (hasBefore && levelOf(period) !== "all") {
    entries.push(["bar", columns.length > 0 ? period.slice(0, 4) : ""], ["before", words.before]);
  }
  if (estimatedHours > 0) entries.push(["tentative", estimated(estimatedHours)]);
  if (missingHours > 0) entries.push(["missing", missing(missingHours)]);
  if (unpricedHours > 0) entries.push(["unknown", unpriced(unpricedHours)]);
  return <Key entries={entries} colour={isProduction ? "sun" : "accent"} />;
}

/** A list of signs and what they mean. */
export function Key({
  entries,
  colour = "accent",
}: {
  entries: readonly (readonly [string, string])[];
  colour?: "accent" | "sun";
}) {
  if (entries.length === 0) return null;
  return (
    <ul class="legend" data-color={colour}>
      {entries.map(([sign, text]) => (
        <li key={sign}>
          <span class="sign" data-sign={sign} aria-hidden="true" />
          {text}
        </li>
      ))}
    </ul>
  );
}
