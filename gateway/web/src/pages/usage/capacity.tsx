import { useQuery } from "@tanstack/preact-query";
import { Link } from "wouter-preact";
import { kroner, kw, short, shortDate } from "../../format";
import { said, texts } from "../../texts/language";
import { Loaded } from "../../ui/loaded";
import { atHour } from "./names";
import type { Period } from "./period";
import { type Capacity, capacity } from "./queries";
import { TableBehind } from "./table-behind";

const TEXTS = texts({
  nn: {
    title: "Kapasitetsledd",
    intro: (days: number) =>
      `Nettselskapet tek betalt etter snittet av dei høgaste timane på ${days} ulike dagar.`,
    introOne: "Nettselskapet tek betalt etter dei høgaste timane på ulike dagar.",
    none: "Vi har ingen måleverdiar for månaden enno.",
    unknown: "Trinnet er ukjent: vi manglar prisane til nettselskapet.",
    mean: "Snittet ditt",
    step: "Trinn",
    month: (price: string) => `${price} i månaden`,
    lacking: (left: string, step: string, price: string) =>
      `${left} igjen til neste trinn, ${step} (${price}).`,
    highest: "Du er på det høgste trinnet.",
    final: "Månaden er over, så trinnet ligg fast.",
    running: "Månaden er ikkje over: trinnet kan endre seg.",
    peaks: "Dei høgaste timane",
    steps: "Vis alle trinn",
    perMonth: "Kr i månaden",
    yours: "ditt trinn",
    over: (limit: string) => `${limit} kW og meir`,
  },
  nb: {
    title: "Kapasitetsledd",
    intro: (days: number) =>
      `Nettselskapet tar betalt etter snittet av de høyeste timene på ${days} ulike dager.`,
    introOne: "Nettselskapet tar betalt etter de høyeste timene på ulike dager.",
    none: "Vi har ingen måleverdier for måneden ennå.",
    unknown: "Trinnet er ukjent: vi mangler prisene til nettselskapet.",
    mean: "Snittet ditt",
    step: "Trinn",
    month: (price: string) => `${price} i måneden`,
    lacking: (left: string, step: string, price: string) =>
      `${left} igjen til neste trinn, ${step} (${price}).`,
    highest: "Du er på det høyeste trinnet.",
    final: "Måneden er over, så trinnet ligger fast.",
    running: "Måneden er ikke over: trinnet kan endre seg.",
    peaks: "De høyeste timene",
    steps: "Vis alle trinn",
    perMonth: "Kr i måneden",
    yours: "ditt trinn",
    over: (limit: string) => `${limit} kW og mer`,
  },
  en: {
    title: "Capacity rate",
    intro: (days: number) =>
      `The grid company charges by the mean of the highest hours on ${days} different days.`,
    introOne: "The grid company charges by the highest hours on different days.",
    none: "There are no readings of the month yet.",
    unknown: "The step is unknown: we lack the grid company's rates.",
    mean: "Your mean",
    step: "Step",
    month: (price: string) => `${price} a month`,
    lacking: (left: string, step: string, price: string) =>
      `${left} left to the next step, ${step} (${price}).`,
    highest: "You are on the highest step.",
    final: "The month is over, so the step is final.",
    running: "The month is not over: the step may change.",
    peaks: "The highest hours",
    steps: "Show all steps",
    perMonth: "Kr a month",
    yours: "your step",
    over: (limit: string) => `${limit} kW and more`,
  },
});

type Words = ReturnType<typeof said<(typeof TEXTS)["nn"]>>;
type Step = NonNullable<Capacity["step"]>;

/** Where somebody stands on the capacity steps in a month, and how far it is to the next. */
export function CapacityStep({
  gsrn,
  month,
  to,
}: {
  gsrn: string;
  month: Period;
  to: (period: Period) => string;
}) {
  const words = said(TEXTS);
  const query = useQuery(capacity(gsrn, month));
  return (
    <section class="ds-card stack">
      <h2 class="ds-heading" data-size="xs">
        {words.title}
      </h2>
      <Loaded query={query}>
        {(found) => (found.meanKw === null ? <p>{words.none}</p> : <Stand found={found} to={to} />)}
      </Loaded>
    </section>
  );
}

function Stand({ found, to }: { found: Capacity; to: (period: Period) => string }) {
  const words = said(TEXTS);
  const { step, nextStep, lackingKw, meanKw, peaks, over } = found;
  const starts = peaks.map(({ start }) => start);
  return (
    <>
      {step === null ? (
        <p>{words.unknown}</p>
      ) : (
        <div class="stack tight">
          <p class="sum">
            <strong class="number">{limitsOf(step, words)}</strong>{" "}
            <span class="quiet number">{words.month(kroner(step.monthAmount, 0))}</span>
          </p>
          <Gauge mean={meanKw ?? 0} step={step} />
          <p>
            {words.mean}: <strong class="number">{kw(meanKw)}</strong>.{" "}
            {nextStep === null
              ? words.highest
              : words.lacking(
                  kw(lackingKw),
                  limitsOf(nextStep, words),
                  words.month(kroner(nextStep.monthAmount, 0)),
                )}
          </p>
        </div>
      )}
      <div class="stack tight">
        <h3 class="ds-heading" data-size="2xs">
          {words.peaks}
        </h3>
        <ol class="peaks">
          {peaks.map(({ start, kwh }) => (
            <li key={start}>
              <Link class="ds-link" href={to(start.slice(0, 10))}>
                {shortDate(start)} {atHour(start, starts)}
              </Link>
              <strong class="number">{kw(kwh)}</strong>
            </li>
          ))}
        </ol>
        <p class="quiet">
          {peaks.length > 1 ? words.intro(peaks.length) : words.introOne}{" "}
          {over ? words.final : words.running}
        </p>
      </div>
      {found.steps.length > 0 && (
        <TableBehind name={words.title} summary={words.steps}>
          <thead>
            <tr>
              <th scope="col">{words.step}</th>
              <th scope="col">{words.perMonth}</th>
            </tr>
          </thead>
          <tbody>
            {found.steps.map((each) => (
              <tr key={each.fromKw} class={each.fromKw === step?.fromKw ? "own" : undefined}>
                <th scope="row">
                  {limitsOf(each, words)}
                  {each.fromKw === step?.fromKw && <span class="gap">{words.yours}</span>}
                </th>
                <td>{kroner(each.monthAmount, 0)}</td>
              </tr>
            ))}
          </tbody>
        </TableBehind>
      )}
    </>
  );
}

/** How far up the step the mean is; said in words beside it. */
function Gauge({ mean, step }: { mean: number; step: Step }) {
  if (step.toKw === null) return null;
  const share = (mean - step.fromKw) / (step.toKw - step.fromKw);
  return (
    <div class="gauge" aria-hidden="true">
      <span class="gauge-bar">
        <span style={{ width: `${Math.min(Math.max(share, 0.02), 1) * 100}%` }} />
      </span>
      <span class="quiet">{short(step.fromKw)}</span>
      <span class="quiet">{short(step.toKw)} kW</span>
    </div>
  );
}

function limitsOf({ fromKw, toKw }: Step, words: Words): string {
  return toKw === null ? words.over(short(fromKw)) : `${short(fromKw)}–${short(toKw)}\u00a0kW`;
}
