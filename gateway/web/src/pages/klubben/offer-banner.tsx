import { useQuery } from "@tanstack/preact-query";
import { Link } from "wouter-preact";
import { dateAndTime } from "../../format";
import { at, ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { useNow } from "../../ui/now";
import { entries, isOpen, moment } from "./queries";
import { tickets } from "./words";

const TEXTS = texts({
  nn: {
    offer: (what: string, title: string) => `Du har fått tilbod om ${what} til ${title}.`,
    until: (when: string) => `Svar innan ${when}`,
    several: (n: number) => `Du har fått ${n} tilbod om billettar.`,
    see: "Sjå tilboda",
  },
  nb: {
    offer: (what: string, title: string) => `Du har fått tilbud om ${what} til ${title}.`,
    until: (when: string) => `Svar innen ${when}`,
    several: (n: number) => `Du har fått ${n} tilbud om billetter.`,
    see: "Se tilbudene",
  },
  en: {
    offer: (what: string, title: string) => `You are offered ${what} to ${title}.`,
    until: (when: string) => `Answer by ${when}`,
    several: (n: number) => `You have ${n} offers of tickets.`,
    see: "See the offers",
  },
});

const LOOK_EVERY_MS = 5_000;

/**
 * Tells of offers that wait for an answer, on whatever page. It is there before it says something,
 * so that a screen reader reads it out when it does; where the page shows the offer, it is only read.
 */
export function OfferBanner({ location }: { location: string }) {
  const words = said(TEXTS);
  const now = useNow(LOOK_EVERY_MS);
  const { data = [] } = useQuery(entries);
  const open = data.filter((entry) => isOpen(entry, now));
  const only = open.length === 1 ? open[0] : undefined;
  const text = only
    ? words.offer(tickets(only.offer.tickets), only.eventTitle)
    : words.several(open.length);
  const to = only ? at(ROUTES.event, { event: only.eventId }) : ROUTES.klubben;
  return (
    <div role="status" class="offers">
      {open.length === 0 ? null : location === to || location === ROUTES.klubben ? (
        <span class="ds-sr-only">{text}</span>
      ) : (
        <Link href={to} data-color="sun">
          <strong>{text}</strong>{" "}
          <span>{only ? words.until(dateAndTime(moment(only.offer.expiresAt))) : words.see}</span>
        </Link>
      )}
    </div>
  );
}
