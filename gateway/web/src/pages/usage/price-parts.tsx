import { said, texts } from "../../texts/language";
import { CostLines } from "./cost-lines";
import type { Component, Total } from "./queries";
import { lineName, shared } from "./words";

const TEXTS = texts({
  nn: { title: "Kva kostnaden er sett saman av", sum: "Til saman" },
  nb: { title: "Hva kostnaden er satt sammen av", sum: "Til sammen" },
  en: { title: "What the cost is made of", sum: "Altogether" },
});

/** Which lines are the supplier's; the grid company asks for the rest. */
const POWER: readonly Component[] = ["POWER", "MARKUP", "MONTHLY_FEE", "SURPLUS"];

/** The lines of a cost; those that do not apply are left out, and unknown ones are not. */
export function PriceParts({ total }: { total: Total }) {
  const words = said(TEXTS);
  const applying = total.components.filter(({ cost }) => cost !== 0);
  if (applying.length === 0 || total.kwh === null) return null;
  const linesOf = (isPower: boolean) =>
    applying
      .filter(({ component }) => POWER.includes(component) === isPower)
      .map(({ component, cost }) => ({ key: component, name: lineName(component), cost }));
  const { parts } = shared();
  return (
    <section class="stack tight parts">
      <h3 class="ds-heading" data-size="2xs">
        {words.title}
      </h3>
      <CostLines
        caption={words.title}
        groups={[
          { name: parts.POWER, lines: linesOf(true) },
          { name: parts.GRID, lines: linesOf(false) },
        ]}
        sum={words.sum}
        total={total.cost}
      />
    </section>
  );
}
