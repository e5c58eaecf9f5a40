import "./usage.css";
import { useQuery } from "@tanstack/preact-query";
import { useEffect, useMemo, useState } from "preact/hooks";
import { useSearchParams } from "wouter-preact";
import { isoDate, ore, weekdayAndDate } from "../../format";
import { ROUTES } from "../../routes";
import { language, said, texts } from "../../texts/language";
import { Choice, Select } from "../../ui/field";
import { Loaded } from "../../ui/loaded";
import { Notice } from "../../ui/notice";
import { Page } from "../../ui/page";
import { BarChart, type Column } from "./chart";
import { Key } from "./legend";
import { atHour, clockOf, hourName, noonOf } from "./names";
import { shifted } from "./period";
import { pointsOf } from "./points";
import { meteringPoints, type SpotDay, spotPrices } from "./queries";
import { TableBehind } from "./table-behind";

const TEXTS = texts({
  nn: {
    title: "Straumpris",
    back: "Forbruk",
    area: "Prisområde",
    areas: {
      NO1: "Aust-Noreg (NO1)",
      NO2: "Sørvest-Noreg (NO2)",
      NO3: "Midt-Noreg (NO3)",
      NO4: "Nord-Noreg (NO4)",
      NO5: "Vest-Noreg (NO5)",
    },
    now: (hour: string) => `No, ${hour}`,
    what: "Spotpris med mva., utan påslag og nettleige",
    day: "Dag",
    today: "I dag",
    tomorrow: "I morgon",
    notYet: "Prisane for i morgon kjem om lag kl. 13. Sida oppdaterer seg sjølv.",
    noneToday: "Vi har ikkje prisane for i dag enno.",
    chart: (day: string) => `Pris per time ${day}`,
    hint: "Trykk på ein time",
    cheapest: "Billegaste timar",
    lowest: "Lågast",
    mean: "Snitt",
    highest: "Høgast",
    hour: "Time",
    price: "Pris per kWh",
    provisional: "Førebels pris",
    unknown: "Prisen er ukjend",
    isNow: "No",
    isCheap: "Blant dei tre billegaste",
  },
  nb: {
    title: "Strømpris",
    back: "Forbruk",
    area: "Prisområde",
    areas: {
      NO1: "Øst-Norge (NO1)",
      NO2: "Sørvest-Norge (NO2)",
      NO3: "Midt-Norge (NO3)",
      NO4: "Nord-Norge (NO4)",
      NO5: "Vest-Norge (NO5)",
    },
    now: (hour: string) => `Nå, ${hour}`,
    what: "Spotpris med mva., uten påslag og nettleie",
    day: "Dag",
    today: "I dag",
    tomorrow: "I morgen",
    notYet: "Prisene for i morgen kommer omtrent kl. 13. Siden oppdaterer seg selv.",
    noneToday: "Vi har ikke prisene for i dag ennå.",
    chart: (day: string) => `Pris per time ${day}`,
    hint: "Trykk på en time",
    cheapest: "Billigste timer",
    lowest: "Lavest",
    mean: "Snitt",
    highest: "Høyest",
    hour: "Time",
    price: "Pris per kWh",
    provisional: "Foreløpig pris",
    unknown: "Prisen er ukjent",
    isNow: "Nå",
    isCheap: "Blant de tre billigste",
  },
  en: {
    title: "Power prices",
    back: "Consumption",
    area: "Price area",
    areas: {
      NO1: "Eastern Norway (NO1)",
      NO2: "South-western Norway (NO2)",
      NO3: "Central Norway (NO3)",
      NO4: "Northern Norway (NO4)",
      NO5: "Western Norway (NO5)",
    },
    now: (hour: string) => `Now, ${hour}`,
    what: "Spot price with VAT, without markup and grid",
    day: "Day",
    today: "Today",
    tomorrow: "Tomorrow",
    notYet: "Tomorrow's prices come at about 13:00. This page updates itself.",
    noneToday: "We do not have today's prices yet.",
    chart: (day: string) => `Price by hour ${day}`,
    hint: "Tap an hour",
    cheapest: "Cheapest hours",
    lowest: "Lowest",
    mean: "Mean",
    highest: "Highest",
    hour: "Hour",
    price: "Price per kWh",
    provisional: "Provisional price",
    unknown: "The price is unknown",
    isNow: "Now",
    isCheap: "Among the three cheapest",
  },
});

type Words = ReturnType<typeof said<(typeof TEXTS)["nn"]>>;

const AREA = "omrade";
const DAY = "dag";
const TOMORROW = "i-morgon";
const HOUR_MS = 3_600_000;
const A_MINUTE_MS = 60_000;

/** What power costs today and tomorrow, hour by hour, and when it is cheapest. */
export default function SpotPrices() {
  const words = said(TEXTS);
  const contracts = useQuery(meteringPoints);
  return (
    <Page title={words.title} back={{ to: ROUTES.usage, text: words.back }}>
      <Loaded query={contracts}>
        {(found) => {
          const [first] = pointsOf(found, isoDate(Date.now()));
          return <Prices own={first?.contract.priceArea ?? "NO1"} />;
        }}
      </Loaded>
    </Page>
  );
}

function Prices({ own }: { own: string }) {
  const words = said(TEXTS);
  const [asked, ask] = useSearchParams();
  const area = asked.get(AREA) ?? own;
  const isTomorrow = asked.get(DAY) === TOMORROW;
  const now = useNow();
  const query = useQuery(spotPrices(area));
  const change = (name: string, value: string) =>
    ask(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === "") next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  return (
    <>
      <div class="area">
        <Select
          label={words.area}
          options={Object.entries(words.areas)}
          chosen={area}
          onChoose={(code) => change(AREA, code)}
        />
      </div>
      <Loaded query={query}>
        {({ days }) => {
          const today = isoDate(now);
          const dayOf = (date: string) => days.find((day) => day.date === date);
          const shown = dayOf(isTomorrow ? shifted(today, 1) : today);
          return (
            <section class="ds-card stack usage">
              <Current day={dayOf(today)} now={now} words={words} />
              <Choice
                label={words.day}
                options={[
                  ["", words.today],
                  [TOMORROW, words.tomorrow],
                ]}
                chosen={isTomorrow ? TOMORROW : ""}
                onChoose={(day) => change(DAY, day)}
              />
              {shown === undefined ? (
                <Notice>{isTomorrow ? words.notYet : words.noneToday}</Notice>
              ) : (
                <Day key={shown.date} day={shown} now={now} words={words} />
              )}
            </section>
          );
        }}
      </Loaded>
    </>
  );
}

function Current({ day, now, words }: { day: SpotDay | undefined; now: number; words: Words }) {
  const place = day?.start.findIndex((start) => isIn(start, now)) ?? -1;
  const start = day?.start[place];
  if (day === undefined || start === undefined) return null;
  return (
    <div>
      <p>{words.now(atHour(start, day.start))}</p>
      <p class="sum">
        <strong class="number">{ore(day.price[place])}</strong> <span class="quiet">per kWh</span>
      </p>
      <p class="quiet">{words.what}</p>
    </div>
  );
}

function Day({ day, now, words }: { day: SpotDay; now: number; words: Words }) {
  const spoken = language.value; // in which names are written
  // Which hour it is, and not each minute, makes another drawing.
  const current = day.start.find((start) => isIn(start, now));
  const columns = useMemo(() => columnsOf(day, current, words), [day, current, spoken]);
  const has = (sign: (column: Column) => boolean) => columns.some(sign);
  const name = words.chart(weekdayAndDate(noonOf(day.date)));
  const signs: [boolean, string, string][] = [
    [current !== undefined, "now", words.isNow],
    [has((column) => column.isMarked), "marked", words.isCheap],
    [has((column) => column.tentative > 0), "tentative", words.provisional],
    [has((column) => column.isUnknown), "unknown", words.unknown],
  ];
  return (
    <>
      <h2 class="ds-heading capital" data-size="xs">
        {weekdayAndDate(noonOf(day.date))}
      </h2>
      <BarChart name={name} unit="øre/kWh" hint={words.hint} colour="accent" columns={columns} />
      <Key entries={signs.filter(([is]) => is).map(([, sign, text]) => [sign, text] as const)} />
      <dl class="price-facts">
        {(
          [
            [words.lowest, day.lowest],
            [words.mean, day.mean],
            [words.highest, day.highest],
          ] as const
        ).map(([fact, price]) => (
          <div key={fact}>
            <dt>{fact}</dt>
            <dd class="number">{ore(price)}</dd>
          </div>
        ))}
      </dl>
      <section class="stack tight">
        <h3 class="ds-heading" data-size="2xs">
          {words.cheapest}
        </h3>
        <ol class="peaks">
          {day.cheapest.map((start) => (
            <li key={start}>
              <span>{atHour(start, day.start)}</span>
              <strong class="number">{ore(day.price[day.start.indexOf(start)])}</strong>
            </li>
          ))}
        </ol>
      </section>
      <TableBehind name={name}>
        <thead>
          <tr>
            <th scope="col">{words.hour}</th>
            <th scope="col">{words.price}</th>
          </tr>
        </thead>
        <tbody>
          {columns.map((column) => (
            <tr key={column.key}>
              <th scope="row">
                {column.name}
                {column.more.map((line) => (
                  <span key={line} class="gap">
                    {line}
                  </span>
                ))}
              </th>
              <td>{column.shown}</td>
            </tr>
          ))}
        </tbody>
      </TableBehind>
    </>
  );
}

function columnsOf(day: SpotDay, current: string | undefined, words: Words): Column[] {
  return day.start.map((start, place) => {
    const price = day.price[place] ?? null;
    const isTentative = day.provisional[place] === true && price !== null;
    const isMarked = day.cheapest.includes(start);
    const name = hourName(start, day.start);
    const shown = ore(price);
    const more = [
      ...(start === current ? [words.isNow] : []),
      ...(isMarked ? [words.isCheap] : []),
      ...(isTentative ? [words.provisional] : []),
      ...(price === null ? [words.unknown] : []),
    ];
    return {
      key: start,
      axis: clockOf(start),
      value: price === null ? null : price * 100,
      before: null,
      tentative: isTentative ? 1 : 0,
      missing: 0,
      isUnknown: price === null,
      isNow: start === current,
      isMarked,
      name,
      shown,
      more,
      said: `${atHour(start, day.start)}: ${[shown, ...more].join(". ")}`,
      to: undefined,
      isToCome: false,
    };
  });
}

const isIn = (start: string, now: number) => {
  const begun = now - Date.parse(start);
  return begun >= 0 && begun < HOUR_MS;
};

/** The moment, kept up to the minute. */
function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), A_MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
