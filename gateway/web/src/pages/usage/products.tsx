import { useQuery } from "@tanstack/preact-query";
import { kroner } from "../../format";
import { said, texts } from "../../texts/language";
import { Loaded } from "../../ui/loaded";
import type { Span } from "./period";
import { products } from "./queries";
import { productName } from "./words";

const TEXTS = texts({
  nn: {
    title: "Kva med ein annan avtale?",
    intro: "Det same forbruket, med straum, nettleige og avgifter, ville ha kosta:",
    own: "din avtale",
    less: (amount: string) => `${amount} mindre`,
    more: (amount: string) => `${amount} meir`,
    unknown: "kan ikkje jamførast: ein pris er ukjend",
    none: "Her er ikkje noko forbruk å jamføre.",
  },
  nb: {
    title: "Hva med en annen avtale?",
    intro: "Det samme forbruket, med strøm, nettleie og avgifter, ville ha kostet:",
    own: "din avtale",
    less: (amount: string) => `${amount} mindre`,
    more: (amount: string) => `${amount} mer`,
    unknown: "kan ikke sammenlignes: en pris er ukjent",
    none: "Her er ikke noe forbruk å sammenligne.",
  },
  en: {
    title: "What about another contract?",
    intro: "The same consumption, with power, grid and taxes, would have cost:",
    own: "your contract",
    less: (amount: string) => `${amount} less`,
    more: (amount: string) => `${amount} more`,
    unknown: "cannot be compared: a price is unknown",
    none: "There is no consumption to compare.",
  },
});

/** What the same hours would have cost with each of the products. */
export function Products({ gsrn, span }: { gsrn: string; span: Span }) {
  const words = said(TEXTS);
  const query = useQuery(products(gsrn, span));
  return (
    <section class="ds-card stack">
      <h2 class="ds-heading" data-size="xs">
        {words.title}
      </h2>
      <Loaded query={query}>
        {(found) => {
          if (found.kwh === null) return <p>{words.none}</p>;
          const own = found.products.find((product) => product.own)?.total ?? null;
          return (
            <>
              <p class="quiet">{words.intro}</p>
              <ul class="products">
                {found.products.map(({ product, own: isOwn, total }) => (
                  <li key={product} class={isOwn ? "own" : undefined}>
                    <span>
                      <strong>{productName(product)}</strong>
                      <span class="quiet">
                        {isOwn ? words.own : differenceOf(total, own, words)}
                      </span>
                    </span>
                    <strong class="number">{kroner(total, 0)}</strong>
                  </li>
                ))}
              </ul>
            </>
          );
        }}
      </Loaded>
    </section>
  );
}

function differenceOf(
  total: number | null,
  own: number | null,
  words: ReturnType<typeof said<(typeof TEXTS)["nn"]>>,
): string {
  if (total === null || own === null) return words.unknown;
  const difference = kroner(Math.abs(total - own), 0);
  return total < own ? words.less(difference) : words.more(difference);
}
