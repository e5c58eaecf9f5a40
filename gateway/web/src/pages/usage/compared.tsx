import { useQuery } from "@tanstack/preact-query";
import { percent } from "../../format";
import { said, texts } from "../../texts/language";
import { datesName, periodName } from "./names";
import { type Period, type Span, shifted, yearBefore } from "./period";
import { type Comparison, comparison, type Total } from "./queries";
import type { Unit } from "./where";
import { amount } from "./words";

const TEXTS = texts({
  nn: {
    less: (share: string) => `${share} mindre`,
    more: (share: string) => `${share} meir`,
    same: "Om lag det same",
    than: (dates: string, value: string) => `enn ${dates} (${value})`,
    as: (dates: string, value: string) => `som ${dates} (${value})`,
    unknown: "Kan ikkje jamførast med i fjor: noko er ukjent.",
    partly: "Kan ikkje jamførast med i fjor: då har vi berre delar av same tida.",
  },
  nb: {
    less: (share: string) => `${share} mindre`,
    more: (share: string) => `${share} mer`,
    same: "Omtrent det samme",
    than: (dates: string, value: string) => `enn ${dates} (${value})`,
    as: (dates: string, value: string) => `som ${dates} (${value})`,
    unknown: "Kan ikke sammenlignes med i fjor: noe er ukjent.",
    partly: "Kan ikke sammenlignes med i fjor: da har vi bare deler av samme tid.",
  },
  en: {
    less: (share: string) => `${share} less`,
    more: (share: string) => `${share} more`,
    same: "About the same",
    than: (dates: string, value: string) => `than ${dates} (${value})`,
    as: (dates: string, value: string) => `as ${dates} (${value})`,
    unknown: "Cannot be compared with the year before: something is unknown.",
    partly: "Cannot be compared with the year before: of that we have only parts.",
  },
});

/** Below this, nobody would notice. */
const SAME = 0.005;
/** A day in spring has 23 hours, and a few may be missing. */
const ALIKE = 0.1;

/** How much less or more it is than the same dates a year before. */
export function Compared({
  gsrn,
  span,
  period,
  unit,
  isHeld,
}: {
  gsrn: string;
  span: Span;
  period: Period;
  unit: Unit;
  isHeld: boolean;
}) {
  const query = useQuery({ ...comparison(gsrn, span), enabled: isHeld });
  if (!isHeld) return null;
  return (
    <div class="compared">
      {query.data ? (
        <Difference found={query.data} span={span} period={period} unit={unit} />
      ) : null}
    </div>
  );
}

function Difference({
  found,
  span,
  period,
  unit,
}: {
  found: Comparison;
  span: Span;
  period: Period;
  unit: Unit;
}) {
  const words = said(TEXTS);
  const { now, before } = found;
  if (!before?.total || !now?.total) return null;
  if (before.total.kwh === null || now.total.kwh === null) return null;
  if (!isAlike(now.total, before.total)) return <p class="quiet">{words.partly}</p>;
  const value = unit === "kr" ? before.total.cost : before.total.kwh;
  const difference = unit === "kr" ? found.costDifference : found.kwhDifference;
  if (value === null || difference === null) return <p class="quiet">{words.unknown}</p>;
  const dates = nameBefore(found, span, period);
  const shown = amount(value, unit);
  if (Math.abs(difference) <= SAME * Math.abs(value)) {
    return (
      <p>
        <span class="ds-tag" data-color="neutral">
          {words.same}
        </span>{" "}
        <span class="quiet">{words.as(dates, shown)}</span>
      </p>
    );
  }
  const isLess = difference < 0;
  // Of nothing, nothing is a share.
  const much = value === 0 ? amount(Math.abs(difference), unit) : percent(difference / value);
  return (
    <p>
      <span class="ds-tag" data-color={isLess ? "success" : "sun"}>
        <span aria-hidden="true">{isLess ? "↓" : "↑"}</span>{" "}
        {(isLess ? words.less : words.more)(much)}
      </span>{" "}
      <span class="quiet">{words.than(dates, shown)}</span>
    </p>
  );
}

/** Whether about as many hours are known: a contract that began in the middle says nothing. */
function isAlike(now: Total, before: Total): boolean {
  const [known, knownBefore] = [now, before].map((side) => side.hours - side.missingHours);
  return Math.abs((known ?? 0) / (knownBefore || 1) - 1) < ALIKE;
}

/** Names what is compared with: the period a year before, or those of its dates that count. */
function nameBefore({ before }: Comparison, span: Span, period: Period): string {
  const whole = yearBefore(span);
  if (before === null || (before.from === whole.from && before.to === whole.to)) {
    return periodName(whole.from.slice(0, period.length));
  }
  return datesName(before.from, shifted(before.to, -1));
}
