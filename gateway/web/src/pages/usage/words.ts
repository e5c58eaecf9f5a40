import { kroner, kwh } from "../../format";
import { said, texts } from "../../texts/language";
import type { Component } from "./queries";
import type { Unit } from "./where";

/** What several parts of the pages say. */
const TEXTS = texts({
  nn: {
    missing: (hours: number) => (hours === 1 ? "1 time manglar" : `${hours} timar manglar`),
    estimated: (hours: number) =>
      hours === 1 ? "1 time er estimert" : `${hours} timar er estimerte`,
    unpriced: (hours: number) =>
      hours === 1 ? "1 time har ukjend pris" : `${hours} timar har ukjend pris`,
    showTable: "Vis som tabell",
    lines: {
      POWER: "Straum",
      MARKUP: "Påslag",
      MONTHLY_FEE: "Fastbeløp",
      GRID_ENERGY: "Energiledd",
      CAPACITY: "Kapasitetsledd",
      CONSUMPTION_TAX: "Forbruksavgift",
      ENOVA: "Enova-avgift",
      STROMSTOTTE: "Straumstøtte",
      NORGESPRIS: "Norgespris",
      SURPLUS: "Sal av overskotsstraum",
    },
    parts: { POWER: "Straumavtalen", GRID: "Nettleige og avgifter" },
    bands: { day: "dag", night: "natt" },
    products: { SPOT: "Spotpris", NORGESPRIS: "Norgespris", FIXED: "Fastpris" },
  },
  nb: {
    missing: (hours: number) => (hours === 1 ? "1 time mangler" : `${hours} timer mangler`),
    estimated: (hours: number) =>
      hours === 1 ? "1 time er estimert" : `${hours} timer er estimert`,
    unpriced: (hours: number) =>
      hours === 1 ? "1 time har ukjent pris" : `${hours} timer har ukjent pris`,
    showTable: "Vis som tabell",
    lines: {
      POWER: "Strøm",
      MARKUP: "Påslag",
      MONTHLY_FEE: "Fastbeløp",
      GRID_ENERGY: "Energiledd",
      CAPACITY: "Kapasitetsledd",
      CONSUMPTION_TAX: "Forbruksavgift",
      ENOVA: "Enova-avgift",
      STROMSTOTTE: "Strømstøtte",
      NORGESPRIS: "Norgespris",
      SURPLUS: "Salg av overskuddsstrøm",
    },
    parts: { POWER: "Strømavtalen", GRID: "Nettleie og avgifter" },
    bands: { day: "dag", night: "natt" },
    products: { SPOT: "Spotpris", NORGESPRIS: "Norgespris", FIXED: "Fastpris" },
  },
  en: {
    missing: (hours: number) => (hours === 1 ? "1 hour is missing" : `${hours} hours are missing`),
    estimated: (hours: number) =>
      hours === 1 ? "1 hour is estimated" : `${hours} hours are estimated`,
    unpriced: (hours: number) =>
      hours === 1 ? "1 hour has no known price" : `${hours} hours have no known price`,
    showTable: "Show as a table",
    lines: {
      POWER: "Power",
      MARKUP: "Markup",
      MONTHLY_FEE: "Monthly fee",
      GRID_ENERGY: "Energy rate",
      CAPACITY: "Capacity rate",
      CONSUMPTION_TAX: "Consumption tax",
      ENOVA: "Enova levy",
      STROMSTOTTE: "Electricity support (strømstøtte)",
      NORGESPRIS: "Norgespris",
      SURPLUS: "Sale of surplus power",
    },
    parts: { POWER: "Power contract", GRID: "Grid and taxes" },
    bands: { day: "day", night: "night" },
    products: { SPOT: "Spot price", NORGESPRIS: "Norgespris", FIXED: "Fixed price" },
  },
});

export const shared = () => said(TEXTS);

/** Returns what people call a line of a bill; one that is newer than this client keeps its name. */
export function lineName(component: Component): string {
  const names: Partial<Record<Component, string>> = shared().lines;
  return names[component] ?? component;
}

/** Returns what people call a product; the price list may have others. */
export function productName(product: string): string {
  const names: Record<string, string> = shared().products;
  return names[product] ?? product;
}

/** Returns what people call the hours of a rate on the grid's bill. */
export function bandName(band: string): string {
  const names: Record<string, string> = shared().bands;
  return names[band] ?? band;
}

/** Writes an amount in its unit; hours are small, so their energy has more decimals. */
export function amount(value: number | null | undefined, unit: Unit, isHour = false): string {
  return unit === "kr" ? kroner(value) : kwh(value, isHour ? 2 : 1);
}

/** Says how many hours of something are not measured or have no price; nothing if all are. */
export function gapsOf(counted: {
  missingHours: number;
  estimatedHours: number;
  unpricedHours: number;
}): string[] {
  const words = shared();
  return [
    counted.missingHours > 0 ? words.missing(counted.missingHours) : "",
    counted.estimatedHours > 0 ? words.estimated(counted.estimatedHours) : "",
    counted.unpricedHours > 0 ? words.unpriced(counted.unpricedHours) : "",
  ].filter(Boolean);
}
