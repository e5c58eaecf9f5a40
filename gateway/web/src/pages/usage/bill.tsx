import { useQuery } from "@tanstack/preact-query";
import { Problem } from "../../api/problem";
import { date, kroner, kwh, month as monthOf, ore } from "../../format";
import { said, texts } from "../../texts/language";
import { Loaded } from "../../ui/loaded";
import { Notice } from "../../ui/notice";
import { CostLines } from "./cost-lines";
import { noonOf } from "./names";
import { type Bill, bill, estimatedBill } from "./queries";
import { bandName, lineName, shared } from "./words";

const TEXTS = texts({
  nn: {
    title: (month: string) => `Rekning for ${month}`,
    sum: "Til saman",
    sumSoFar: "Til saman så langt",
    parts: (from: string, to: string) => `Gjeld ${from} til ${to}.`,
    mean: "i snitt",
    vat: "Alle beløp er med mva.",
    missing: (hours: string) => `${hours}, og er ikkje med i beløpa.`,
    estimate: "Estimat",
    whole: "Heile månaden blir truleg",
    basis: (values: number, prices: number) =>
      [
        `Vi har rekna ut ${values} timar frå det du har brukt dei siste vekene`,
        prices > 0 ? `og ${prices} timeprisar frå snittet i månaden` : "",
      ]
        .filter(Boolean)
        .join(", "),
    lines: "Vis linjene i estimatet",
  },
  nb: {
    title: (month: string) => `Regning for ${month}`,
    sum: "Til sammen",
    sumSoFar: "Til sammen så langt",
    parts: (from: string, to: string) => `Gjelder ${from} til ${to}.`,
    mean: "i snitt",
    vat: "Alle beløp er med mva.",
    missing: (hours: string) => `${hours}, og er ikke med i beløpene.`,
    estimate: "Estimat",
    whole: "Hele måneden blir trolig",
    basis: (values: number, prices: number) =>
      [
        `Vi har regnet ut ${values} timer fra det du har brukt de siste ukene`,
        prices > 0 ? `og ${prices} timepriser fra snittet i måneden` : "",
      ]
        .filter(Boolean)
        .join(", "),
    lines: "Vis linjene i estimatet",
  },
  en: {
    title: (month: string) => `Bill for ${month}`,
    sum: "Altogether",
    sumSoFar: "Altogether so far",
    parts: (from: string, to: string) => `From ${from} to ${to}.`,
    mean: "on average",
    vat: "All amounts include VAT.",
    missing: (hours: string) => `${hours}, and not part of the amounts.`,
    estimate: "Estimate",
    whole: "The whole month will probably be",
    basis: (values: number, prices: number) =>
      [
        `We have worked out ${values} hours from what you used in the last weeks`,
        prices > 0 ? `and ${prices} hourly prices from the month's mean` : "",
      ]
        .filter(Boolean)
        .join(", "),
    lines: "Show the lines of the estimate",
  },
});

type Words = ReturnType<typeof said<(typeof TEXTS)["nn"]>>;

/** The bill of a month; of one that runs, the part that is known and an estimate of the whole. */
export function MonthlyBill({
  gsrn,
  month,
  isRunning,
}: {
  gsrn: string;
  month: string;
  isRunning: boolean;
}) {
  const words = said(TEXTS);
  const name = monthOf(noonOf(`${month}-15`));
  const query = useQuery(bill(gsrn, month));
  return (
    <section class="ds-card stack">
      <h2 class="ds-heading" data-size="xs">
        {words.title(name)}
      </h2>
      {isRunning && <Estimate gsrn={gsrn} month={month} />}
      <Loaded query={query}>
        {(found) => <Lines bill={found} sum={isRunning ? words.sumSoFar : words.sum} />}
      </Loaded>
    </section>
  );
}

function Lines({ bill: shown, sum }: { bill: Bill; sum: string }) {
  const words = said(TEXTS);
  const known = shared();
  const groups = (["POWER", "GRID"] as const).map((part) => ({
    name: known.parts[part],
    sum: part === "POWER" ? shown.power : shown.grid,
    lines: shown.lines
      .filter((line) => line.part === part)
      .map((line) => ({
        key: `${line.component} ${line.band}`,
        name: [lineName(line.component), bandName(line.band)].join(" ").trim(),
        note: noteOf(line, words),
        cost: line.amount,
      })),
  }));
  const { missingHours = 0, estimatedHours = 0, unpricedHours = 0 } = shown.consumption ?? {};
  return (
    <>
      <CostLines
        caption={words.title(monthOf(noonOf(`${shown.month}-15`)))}
        groups={groups}
        sum={sum}
        total={shown.total}
      />
      <p class="quiet">
        {isPartOfMonth(shown) && `${words.parts(date(shown.heldFrom), lastDate(shown))} `}
        {words.vat}
        {missingHours > 0 && ` ${words.missing(known.missing(missingHours))}`}
        {estimatedHours > 0 && ` ${known.estimated(estimatedHours)}.`}
        {unpricedHours > 0 && ` ${known.unpriced(unpricedHours)}.`}
      </p>
    </>
  );
}

function noteOf({ kwh: energy, price, meanPrice }: Bill["lines"][number], words: Words): string {
  if (energy === null) return "";
  if (price !== null) return `${kwh(energy)} × ${ore(price, 2)}`;
  return meanPrice === null ? kwh(energy) : `${kwh(energy)} × ${ore(meanPrice, 2)} ${words.mean}`;
}

function isPartOfMonth({ month, heldFrom, heldTo }: Bill): boolean {
  return heldFrom.slice(0, 10) !== `${month}-01` || heldTo.slice(8, 10) !== "01";
}

/** It ends at midnight as a rule, and that is the day before in words. */
const lastDate = ({ heldTo }: Bill) => date(Date.parse(heldTo) - 1);

function Estimate({ gsrn, month }: { gsrn: string; month: string }) {
  const words = said(TEXTS);
  const query = useQuery(estimatedBill(gsrn, month));
  if (query.error instanceof Problem && query.error.code === "TOO_FEW_DAYS") {
    return <Notice>{query.error.document.detail}</Notice>;
  }
  return (
    <Loaded query={query}>
      {({ estimate, estimatedValues, estimatedPrices, bill: whole }) =>
        estimate && whole !== null ? (
          <div class="estimate stack tight">
            <p class="row">
              <span class="ds-tag" data-color="info">
                {words.estimate}
              </span>
              <span>{words.whole}</span>
            </p>
            <p class="sum">
              <strong class="number">{kroner(whole.total, 0)}</strong>{" "}
              <span class="quiet number">{kwh(whole.consumption?.kwh, 0)}</span>
            </p>
            <p class="quiet">{words.basis(estimatedValues, estimatedPrices)}.</p>
            <details class="ds-details">
              <summary>{words.lines}</summary>
              <div class="stack">
                <Lines bill={whole} sum={words.sum} />
              </div>
            </details>
          </div>
        ) : null
      }
    </Loaded>
  );
}
