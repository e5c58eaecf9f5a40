import "./usage.css";
import { useQuery } from "@tanstack/preact-query";
import { useEffect } from "preact/hooks";
import { Link } from "wouter-preact";
import { isoDate } from "../../format";
import { ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { ButtonLink } from "../../ui/button";
import { Choice } from "../../ui/field";
import { Icon } from "../../ui/icons";
import { Loaded } from "../../ui/loaded";
import { Notice } from "../../ui/notice";
import { Page } from "../../ui/page";
import { Missing } from "../missing";
import { MonthlyBill } from "./bill";
import { CapacityStep } from "./capacity";
import { Consumption } from "./consumption";
import { Download } from "./download";
import { periodName } from "./names";
import { isHeldIn, levelOf, type Period, spanOf } from "./period";
import { PointChoice } from "./point-choice";
import { type Point, pointsOf } from "./points";
import { Products } from "./products";
import { meteringPoints, usage } from "./queries";
import { type Unit, useWhere } from "./where";

const TEXTS = texts({
  nn: {
    title: "Forbruk",
    unit: "Vis i",
    direction: "Vis",
    consumption: "Forbruk",
    production: "Produksjon",
    prices: "Straumpris",
    pricesText: "Time for time, i dag og i morgon",
    noPoints: "Du har ingen målarar hos oss enno.",
    noPointsHint:
      "Når avtalen din er på plass, ser du forbruket her. Ring oss om du meiner noko er feil.",
    help: "Kundeservice",
    notYours: "Vi finn ikkje denne målaren hos deg.",
    notHeld: (name: string) => `Du hadde ikkje denne målaren i perioden: ${name}.`,
    allYears: "Sjå alle år",
    otherPoint: "Sjå målarane dine",
  },
  nb: {
    title: "Forbruk",
    unit: "Vis i",
    direction: "Vis",
    consumption: "Forbruk",
    production: "Produksjon",
    prices: "Strømpris",
    pricesText: "Time for time, i dag og i morgen",
    noPoints: "Du har ingen målere hos oss ennå.",
    noPointsHint:
      "Når avtalen din er på plass, ser du forbruket her. Ring oss om du mener noe er feil.",
    help: "Kundeservice",
    notYours: "Vi finner ikke denne måleren hos deg.",
    notHeld: (name: string) => `Du hadde ikke denne måleren i perioden: ${name}.`,
    allYears: "Se alle år",
    otherPoint: "Se målerne dine",
  },
  en: {
    title: "Consumption",
    unit: "Show in",
    direction: "Show",
    consumption: "Consumption",
    production: "Production",
    prices: "Power prices",
    pricesText: "Hour by hour, today and tomorrow",
    noPoints: "You have no meters with us yet.",
    noPointsHint:
      "Once your contract is in place, your consumption is shown here. Call us if you think something is wrong.",
    help: "Customer service",
    notYours: "We do not find this meter among yours.",
    notHeld: (name: string) => `You did not hold this meter in this period: ${name}.`,
    allYears: "See all years",
    otherPoint: "See your meters",
  },
});

const UNITS: readonly (readonly [Unit, string])[] = [
  ["kwh", "kWh"],
  ["kr", "kr"],
];

/** What somebody has used, and what it cost: from years down to hours. */
export default function UsagePage() {
  const words = said(TEXTS);
  const where = useWhere();
  const contracts = useQuery(meteringPoints);
  const { period } = where;
  useTabTitle(words.title, period);
  if (period === undefined) return <Missing />;
  return (
    <Page title={words.title}>
      <Loaded query={contracts}>
        {(found) => {
          const points = pointsOf(found, isoDate(Date.now()));
          if (points.length === 0) return <NoPoints />;
          const point = where.gsrn
            ? points.find((each) => each.contract.gsrn === where.gsrn)
            : points[0];
          if (point === undefined) {
            return (
              <Notice color="warning">
                <div class="stack">
                  <p>{words.notYours}</p>
                  <p>
                    <ButtonLink to={ROUTES.usage} variant="secondary">
                      {words.otherPoint}
                    </ButtonLink>
                  </p>
                </div>
              </Notice>
            );
          }
          return <OfPoint points={points} point={point} period={period} />;
        }}
      </Loaded>
      <Link class="tile" href={ROUTES.spotPrices}>
        <Icon name="usage" />
        <span>
          <strong>{words.prices}</strong>
          <span class="quiet">{words.pricesText}</span>
        </span>
      </Link>
    </Page>
  );
}

/** Names the tab by the period, so that the history of a browser can be read. */
function useTabTitle(title: string, period: Period | undefined): void {
  const name = period ? `${title} ${periodName(period)}` : title;
  useEffect(() => {
    document.title = `${name} – Kundeapp`;
  });
}

function NoPoints() {
  const words = said(TEXTS);
  return (
    <section class="ds-card stack">
      <p class="ds-paragraph" data-size="lg">
        {words.noPoints}
      </p>
      <p>{words.noPointsHint}</p>
      <p>
        <ButtonLink to={ROUTES.help} variant="secondary">
          {words.help}
        </ButtonLink>
      </p>
    </section>
  );
}

function OfPoint({ points, point, period }: { points: Point[]; point: Point; period: Period }) {
  const words = said(TEXTS);
  const where = useWhere();
  const today = isoDate(Date.now());
  const { gsrn } = point.contract;
  const span = spanOf(period, point.held, today);
  const isHeld = isHeldIn(span, point.held);
  const hasProduction = useHasProduction(point, today);
  const direction = hasProduction ? where.direction : "CONSUMPTION";
  const level = levelOf(period);
  const shown = { gsrn, period, span, level, direction, unit: where.unit, held: point.held, today };
  return (
    <>
      <PointChoice
        points={points}
        chosen={point}
        onChoose={(chosen) => where.change({ gsrn: chosen, direction: "CONSUMPTION" })}
      />
      <div class="row between switches">
        <Choice
          label={words.unit}
          options={UNITS}
          chosen={where.unit}
          onChoose={(unit) => where.change({ unit })}
        />
        {hasProduction && (
          <Choice
            label={words.direction}
            options={[
              ["CONSUMPTION", words.consumption],
              ["PRODUCTION", words.production],
            ]}
            chosen={direction}
            onChoose={(chosen) => where.change({ direction: chosen })}
          />
        )}
      </div>
      {isHeld ? (
        <>
          <Consumption key={`${gsrn} ${direction}`} {...shown} to={where.to} />
          {level === "month" && direction === "CONSUMPTION" && (
            <>
              <MonthlyBill gsrn={gsrn} month={period} isRunning={span.to > today} />
              <CapacityStep gsrn={gsrn} month={period} to={where.to} />
            </>
          )}
          {(level === "month" || level === "year") && direction === "CONSUMPTION" && (
            <Products gsrn={gsrn} span={span} />
          )}
          <Download key={period} gsrn={gsrn} span={span} held={point.held} today={today} />
        </>
      ) : (
        <Notice color="info">
          <div class="stack">
            <p>{words.notHeld(periodName(period))}</p>
            <p>
              <ButtonLink to={where.to("")} variant="secondary">
                {words.allYears}
              </ButtonLink>
            </p>
          </div>
        </Notice>
      )}
    </>
  );
}

/** Whether anything was ever fed into the grid; no until that is known. */
function useHasProduction({ contract, held }: Point, today: string): boolean {
  const all = usage(contract.gsrn, "all", spanOf("", held, today), "PRODUCTION");
  return (useQuery(all).data?.total?.kwh ?? null) !== null;
}
