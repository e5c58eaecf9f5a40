import "./klubben.css";
import { useQuery } from "@tanstack/preact-query";
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { date, dateAndTime } from "../../format";
import { at, ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { Icon } from "../../ui/icons";
import { Loaded } from "../../ui/loaded";
import { useNow } from "../../ui/now";
import { Page } from "../../ui/page";
import { Leaf } from "./leaf";
import { OfferCard } from "./offer";
import {
  coming,
  type Entry,
  type Event,
  isOver,
  moment,
  past,
  type Reservation,
  useMine,
} from "./queries";
import { standing } from "./standing";
import { placeInLine, tickets, ticketsLeft } from "./words";

const TEXTS = texts({
  nn: {
    title: "Kraftklubben",
    offers: "Tilbod til deg",
    yours: "Billettane dine",
    waiting: "Du ventar på",
    events: "Arrangement",
    none: "Ingen arrangement er lagde ut no. Sjå innom igjen seinare.",
    past: "Tidlegare arrangement",
    noPast: "Her er ingen enno.",
    opens: (when: string) => `Opnar ${when}`,
    ballot: (when: string) => `Trekking – meld deg på før ${when}`,
    drawing: "Trekkinga er i gang",
    inBallot: (what: string) => `Du er med i trekkinga om ${what}`,
    inLine: (place: string, what: string) => `${place}, for ${what}`,
    full: "Fullteikna",
    fullWithList: "Fullteikna – venteliste",
    closed: "Reservasjonen er stengd",
    begun: "Har begynt",
    cancelled: "Avlyst",
  },
  nb: {
    title: "Kraftklubben",
    offers: "Tilbud til deg",
    yours: "Billettene dine",
    waiting: "Du venter på",
    events: "Arrangement",
    none: "Ingen arrangement er lagt ut nå. Se innom igjen senere.",
    past: "Tidligere arrangement",
    noPast: "Her er ingen ennå.",
    opens: (when: string) => `Åpner ${when}`,
    ballot: (when: string) => `Trekning – meld deg på før ${when}`,
    drawing: "Trekningen er i gang",
    inBallot: (what: string) => `Du er med i trekningen om ${what}`,
    inLine: (place: string, what: string) => `${place}, for ${what}`,
    full: "Fulltegnet",
    fullWithList: "Fulltegnet – venteliste",
    closed: "Reservasjonen er stengt",
    begun: "Har begynt",
    cancelled: "Avlyst",
  },
  en: {
    title: "Kraftklubben",
    offers: "Offers to you",
    yours: "Your tickets",
    waiting: "You are waiting for",
    events: "Events",
    none: "No events are published now. Look in again later.",
    past: "Past events",
    noPast: "There are none yet.",
    opens: (when: string) => `Opens ${when}`,
    ballot: (when: string) => `Ballot – register before ${when}`,
    drawing: "The draw is being made",
    inBallot: (what: string) => `You are in the ballot for ${what}`,
    inLine: (place: string, what: string) => `${place}, for ${what}`,
    full: "Fully booked",
    fullWithList: "Fully booked – waiting list",
    closed: "Reservation has closed",
    begun: "Has begun",
    cancelled: "Cancelled",
  },
});

const LOOK_EVERY_MS = 10_000;

/** What one has of Kraftklubben, and what there is. */
export default function Klubben() {
  const words = said(TEXTS);
  const now = useNow(LOOK_EVERY_MS);
  const events = useQuery(coming);
  return (
    <Page title={words.title}>
      <Loaded query={useMine()}>
        {([mine, waits]) => {
          const offers = waits.filter(({ status }) => status === "OFFERED");
          const held = mine
            .filter((each) => each.status === "ACTIVE" && !isOver(each.eventStartsAt, now))
            .sort((one, other) => moment(one.eventStartsAt) - moment(other.eventStartsAt));
          const waiting = waits.filter(({ status }) => status === "WAITING");
          return (
            <>
              {offers.length > 0 && (
                <Section title={words.offers}>
                  {offers.map((entry) => (
                    <OfferCard key={entry.id} entry={entry} title={entry.eventTitle} />
                  ))}
                </Section>
              )}
              {held.length > 0 && (
                <Section title={words.yours}>
                  <List>
                    {held.map((each) => (
                      <HeldTickets key={each.id} reservation={each} />
                    ))}
                  </List>
                </Section>
              )}
              {waiting.length > 0 && (
                <Section title={words.waiting}>
                  <List>
                    {waiting.map((entry) => (
                      <Waiting key={entry.id} entry={entry} />
                    ))}
                  </List>
                </Section>
              )}
            </>
          );
        }}
      </Loaded>
      <Section title={words.events}>
        {/* That it is old is said above already. */}
        <Loaded query={events.data ? { ...events, error: null } : events}>
          {(all) =>
            all.length === 0 ? (
              <p class="ds-card">{words.none}</p>
            ) : (
              <List>
                {all.map((event) => (
                  <Row key={event.id} to={at(ROUTES.event, { event: event.id })} {...event}>
                    <Tag event={event} now={now} />
                  </Row>
                ))}
              </List>
            )
          }
        </Loaded>
      </Section>
      <PastEvents />
    </Page>
  );
}

function Section({ title, children }: { title: string; children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="stack part" aria-labelledby={id}>
      <h2 id={id} class="ds-heading" data-size="sm">
        {title}
      </h2>
      {children}
    </section>
  );
}

function List({ children }: { children: ComponentChildren }) {
  return <ul class="rows">{children}</ul>;
}

function Row({
  to,
  title,
  venue,
  startsAt,
  year = false,
  children,
}: {
  to: string;
  title: string;
  venue: string;
  startsAt: string | null;
  year?: boolean;
  children?: ComponentChildren;
}) {
  return (
    <li>
      <Link class="event-row" href={to}>
        <Leaf startsAt={startsAt} />
        <span class="event-text">
          <strong>{title}</strong>
          <span class="quiet">
            {year ? date(moment(startsAt)) : dateAndTime(moment(startsAt))}
            <br />
            {venue}
          </span>
          {children}
        </span>
      </Link>
    </li>
  );
}

function HeldTickets({ reservation }: { reservation: Reservation }) {
  return (
    <Row
      to={at(ROUTES.tickets, { reservation: reservation.id })}
      title={reservation.eventTitle}
      venue={reservation.eventVenue}
      startsAt={reservation.eventStartsAt}
    >
      <span class="ds-tag held" data-color="accent">
        <Icon name="tickets" />
        {tickets(reservation.quantity)}
      </span>
    </Row>
  );
}

function Waiting({ entry }: { entry: Entry }) {
  const words = said(TEXTS);
  const wanted = tickets(entry.wanted);
  return (
    <Row
      to={at(ROUTES.event, { event: entry.eventId })}
      title={entry.eventTitle}
      venue={entry.eventVenue}
      startsAt={entry.eventStartsAt}
    >
      <span class="ds-tag" data-color="sun">
        {entry.partiesAhead === null
          ? words.inBallot(wanted)
          : words.inLine(placeInLine(entry.partiesAhead), wanted)}
      </span>
    </Row>
  );
}

const FEW = 10;

function Tag({ event, now }: { event: Event; now: number }) {
  const words = said(TEXTS);
  const tag = (color: string, text: string) => (
    <span class="ds-tag" data-color={color}>
      {text}
    </span>
  );
  const state = standing(event, now);
  switch (state.kind) {
    case "cancelled":
      return (
        <>
          {tag("danger", words.cancelled)}
          <span class="quiet">{event.cancelReason}</span>
        </>
      );
    case "begun":
      return tag("neutral", words.begun);
    case "notOpen":
      return tag("neutral", words.opens(dateAndTime(moment(event.salesOpenAt))));
    case "registering":
      return tag("info", words.ballot(dateAndTime(moment(event.ballot?.closesAt ?? null))));
    case "drawing":
      return tag("info", words.drawing);
    case "available":
      return tag(state.left < FEW ? "warning" : "success", ticketsLeft(state.left));
    case "full":
      return tag("neutral", state.takesWaiting ? words.fullWithList : words.full);
    case "closed":
      return tag("neutral", words.closed);
  }
}

function PastEvents() {
  const words = said(TEXTS);
  const [isOpen, setOpen] = useState(false);
  return (
    <details
      class="ds-card ds-details past"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>{words.past}</summary>
      {isOpen && <PastList />}
    </details>
  );
}

function PastList() {
  const words = said(TEXTS);
  const query = useQuery(past);
  return (
    <div>
      <Loaded query={query}>
        {(events) =>
          events.length === 0 ? (
            <p>{words.noPast}</p>
          ) : (
            <List>
              {events.map((event) => (
                <Row key={event.id} to={at(ROUTES.event, { event: event.id })} year {...event}>
                  {event.status === "CANCELLED" && (
                    <span class="ds-tag" data-color="danger">
                      {words.cancelled}
                    </span>
                  )}
                </Row>
              ))}
            </List>
          )
        }
      </Loaded>
    </div>
  );
}
