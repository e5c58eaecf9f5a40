import { type UseQueryResult, useQuery, useQueryClient } from "@tanstack/preact-query";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Link } from "wouter-preact";
import { date } from "../../format";
import { language, said, texts } from "../../texts/language";
import { Loaded } from "../../ui/loaded";
import { BarChart } from "./chart";
import { columnsOf } from "./columns";
import { Compared } from "./compared";
import { Legend } from "./legend";
import { noonOf, partName, periodName, yearsName } from "./names";
import {
  around,
  isHeldIn,
  type Level,
  levelOf,
  type Period,
  type Span,
  shifted,
  spanOf,
  yearBefore,
} from "./period";
import { PriceParts } from "./price-parts";
import { type Direction, type Usage, usage } from "./queries";
import { bucketsOf } from "./series";
import { UsageTable } from "./usage-table";
import type { Unit } from "./where";
import { amount } from "./words";

const TEXTS = texts({
  nn: {
    where: "Kvar du er",
    step: "Bla",
    previous: (name: string) => `Førre: ${name}`,
    next: (name: string) => `Neste: ${name}`,
    hints: {
      all: "Trykk på eit år",
      year: "Trykk på ein månad",
      month: "Trykk på ein dag",
      day: "Trykk på ein time",
    },
    consumption: {
      all: "Forbruk per år",
      year: "Forbruk per månad",
      month: "Forbruk per dag",
      day: "Forbruk per time",
    },
    production: {
      all: "Produksjon per år",
      year: "Produksjon per månad",
      month: "Produksjon per dag",
      day: "Produksjon per time",
    },
    heldFrom: (day: string) => `Frå ${day}, då avtalen din byrja.`,
    heldTo: (day: string) => `Til og med ${day}, då avtalen din slutta.`,
    none: "Her har vi ingen måleverdiar enno. Dei kjem gjerne dagen etter.",
    paid: "Under null: det du får betalt for straumen du sender ut.",
  },
  nb: {
    where: "Hvor du er",
    step: "Bla",
    previous: (name: string) => `Forrige: ${name}`,
    next: (name: string) => `Neste: ${name}`,
    hints: {
      all: "Trykk på et år",
      year: "Trykk på en måned",
      month: "Trykk på en dag",
      day: "Trykk på en time",
    },
    consumption: {
      all: "Forbruk per år",
      year: "Forbruk per måned",
      month: "Forbruk per dag",
      day: "Forbruk per time",
    },
    production: {
      all: "Produksjon per år",
      year: "Produksjon per måned",
      month: "Produksjon per dag",
      day: "Produksjon per time",
    },
    heldFrom: (day: string) => `Fra ${day}, da avtalen din begynte.`,
    heldTo: (day: string) => `Til og med ${day}, da avtalen din sluttet.`,
    none: "Her har vi ingen måleverdier ennå. De kommer gjerne dagen etter.",
    paid: "Under null: det du får betalt for strømmen du sender ut.",
  },
  en: {
    where: "Where you are",
    step: "Move",
    previous: (name: string) => `Previous: ${name}`,
    next: (name: string) => `Next: ${name}`,
    hints: {
      all: "Tap a year",
      year: "Tap a month",
      month: "Tap a day",
      day: "Tap an hour",
    },
    consumption: {
      all: "Consumption by year",
      year: "Consumption by month",
      month: "Consumption by day",
      day: "Consumption by hour",
    },
    production: {
      all: "Production by year",
      year: "Production by month",
      month: "Production by day",
      day: "Production by hour",
    },
    heldFrom: (day: string) => `From ${day}, when your contract began.`,
    heldTo: (day: string) => `Until ${day}, when your contract ended.`,
    none: "There are no readings here yet. They usually come the day after.",
    paid: "Below zero: what you are paid for the power you send out.",
  },
});

type Shown = {
  gsrn: string;
  period: Period;
  span: Span;
  level: Level;
  direction: Direction;
  unit: Unit;
  held: Span;
  today: string;
  to: (period: Period) => string;
};

/** A period of a metering point: its sum, its bars, and what it consists of. */
export function Consumption(shown: Shown) {
  const { gsrn, period, span, level, direction, unit, held, today } = shown;
  const words = said(TEXTS);
  const now = useQuery(usage(gsrn, level, span, direction));
  const before = useYearBefore(shown);
  useNeighbours(shown, now.data !== undefined);
  return (
    <section class="ds-card stack usage">
      <div class="stack tight">
        <Crumbs {...shown} />
        <Stepper {...shown} />
      </div>
      <div class="summary">
        <Sum now={now} unit={unit} />
        {direction === "CONSUMPTION" && level !== "all" && (
          <Compared gsrn={gsrn} span={span} period={period} unit={unit} isHeld={before.isHeld} />
        )}
        {held.from > span.from && <p class="quiet">{words.heldFrom(date(noonOf(held.from)))}</p>}
        {held.to !== "" && held.to < span.to && (
          <p class="quiet">{words.heldTo(date(noonOf(shifted(held.to, -1))))}</p>
        )}
      </div>
      {now.data === undefined && !now.error ? (
        <div class="chart-waits">
          <span class="ds-skeleton" data-variant="rectangle" />
          <span class="ds-sr-only" role="status">
            {periodName(period)}
          </span>
        </div>
      ) : (
        <Loaded query={now}>
          {(found) => <Buckets {...shown} now={found} before={before.usage} today={today} />}
        </Loaded>
      )}
    </section>
  );
}

function Buckets({ now, before, ...shown }: Shown & { now: Usage; before: Usage | null }) {
  const { level, period, unit, direction, today, to } = shown;
  const words = said(TEXTS);
  const spoken = language.value; // in which names are written
  const buckets = useMemo(() => bucketsOf(now, level, before), [now, level, before, spoken]);
  const columns = useMemo(
    () => columnsOf(buckets, { unit, today, to }),
    [buckets, unit, today, to, spoken],
  );
  const isProduction = direction === "PRODUCTION";
  const name = (isProduction ? words.production : words.consumption)[level];
  return (
    <>
      <BarChart
        key={period}
        name={name}
        unit={unit === "kr" ? "kr" : "kWh"}
        hint={words.hints[level]}
        colour={isProduction ? "sun" : "accent"}
        columns={columns}
      />
      <Legend columns={columns} total={now.total} period={period} isProduction={isProduction} />
      {isProduction && unit === "kr" && <p class="quiet">{words.paid}</p>}
      <UsageTable
        name={name}
        buckets={buckets}
        total={now.total}
        level={level}
        unit={unit}
        {...{ to, today }}
      />
      {level !== "month" && now.total !== null && <PriceParts total={now.total} />}
    </>
  );
}

function Crumbs({ period, to }: Shown) {
  const words = said(TEXTS);
  return (
    <nav aria-label={words.where} class="crumbs">
      <ol>
        {around(period).map((wider) => (
          <li key={wider}>
            <Link class="ds-link" href={to(wider)}>
              {partName(wider)}
            </Link>
          </li>
        ))}
        {period === "" && <li aria-current="page">{periodName("")}</li>}
      </ol>
    </nav>
  );
}

function Stepper({ period, span, level, held, today, to }: Shown) {
  const words = said(TEXTS);
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(period);
  useEffect(() => {
    if (shown.current === period) return;
    shown.current = period;
    heading.current?.focus({ preventScroll: true });
  }, [period]);
  const step = (by: number, said: (name: string) => string, sign: string) => {
    const next = shifted(period, by);
    const dates = spanOf(next, held, today);
    if (dates.from > today || !isHeldIn(dates, held)) {
      return (
        <span class="ds-button period-step off" data-variant="secondary" aria-hidden="true">
          {sign}
        </span>
      );
    }
    return (
      <Link
        class="ds-button period-step"
        data-variant="secondary"
        href={to(next)}
        aria-label={said(periodName(next))}
      >
        <span aria-hidden="true">{sign}</span>
      </Link>
    );
  };
  return (
    <div class="period">
      <h2 ref={heading} tabIndex={-1} class="ds-heading" data-size="xs">
        {headingOf(period, span)}
      </h2>
      {level !== "all" && (
        <nav aria-label={words.step}>
          {step(-1, words.previous, "‹")}
          {step(1, words.next, "›")}
        </nav>
      )}
    </div>
  );
}

/** Its name, without what stands above it already. */
function headingOf(period: Period, span: Span): string {
  if (period === "") return yearsName(span);
  return levelOf(period) === "day" ? partName(period) : periodName(period);
}

function Sum({ now, unit }: { now: UseQueryResult<Usage, Error>; unit: Unit }) {
  if (now.data === undefined) {
    return now.error ? null : <span class="ds-skeleton sum-waits" data-variant="rectangle" />;
  }
  const { kwh, cost } = now.data.total ?? { kwh: null, cost: null };
  const other = unit === "kr" ? "kwh" : "kr";
  return (
    <>
      <p class="sum">
        <strong class="number">{amount(unit === "kr" ? cost : kwh, unit)}</strong>{" "}
        {kwh !== null && (
          <span class="quiet number">{amount(other === "kr" ? cost : kwh, other)}</span>
        )}
      </p>
      {kwh === null && <p class="quiet">{said(TEXTS).none}</p>}
    </>
  );
}

/** Fetches the same dates a year before, where they were the customer's. */
function useYearBefore({ gsrn, level, span, direction, held }: Shown) {
  const dates = yearBefore(span);
  const isHeld = level !== "all" && isHeldIn(dates, held);
  const query = useQuery({ ...usage(gsrn, level, dates, direction), enabled: isHeld });
  return { usage: (isHeld && query.data) || null, isHeld };
}

/** Fetches the periods on both sides beforehand, so that moving to them is at once. */
function useNeighbours({ gsrn, period, level, direction, held, today }: Shown, isReady: boolean) {
  const client = useQueryClient();
  const { from, to } = held;
  useEffect(() => {
    if (!isReady || level === "all") return;
    for (const by of [-1, 1]) {
      const span = spanOf(shifted(period, by), { from, to }, today);
      if (span.from > today || !isHeldIn(span, { from, to })) continue;
      void client.prefetchQuery(usage(gsrn, level, span, direction));
    }
  }, [client, isReady, gsrn, period, level, direction, from, to, today]);
}
