import { useQuery } from "@tanstack/preact-query";
import { Link } from "wouter-preact";
import { beside, dateAndTime, dayOfMonth, shortMonth, whole } from "../../../format";
import { at, ROUTES } from "../../../routes";
import { said, texts } from "../../../texts/language";
import { ButtonLink } from "../../../ui/button";
import { Loaded } from "../../../ui/loaded";
import { Page } from "../../../ui/page";
import { ForStaff, useHolds } from "../for-staff";
import { allEvents, type Event } from "../queries";
import { type Phase, phaseOf } from "./phase";
import { StatusTag } from "./status";
import "../staff.css";

const TEXTS = texts({
  nn: {
    title: "Arrangement",
    back: "For tilsette",
    create: "Nytt arrangement",
    phases: { draft: "Kladdar", coming: "Komande", cancelled: "Avlyste", past: "Tidlegare" },
    none: "Her er ingen komande arrangement enno.",
    left: (available: string, capacity: string) => `${available} av ${capacity} ledige`,
    seats: (capacity: string) => `${capacity} plassar`,
    waiting: (parties: string) => `${parties} på venteliste`,
  },
  nb: {
    title: "Arrangement",
    back: "For ansatte",
    create: "Nytt arrangement",
    phases: { draft: "Kladder", coming: "Kommende", cancelled: "Avlyste", past: "Tidligere" },
    none: "Her er ingen kommende arrangement ennå.",
    left: (available: string, capacity: string) => `${available} av ${capacity} ledige`,
    seats: (capacity: string) => `${capacity} plasser`,
    waiting: (parties: string) => `${parties} på venteliste`,
  },
  en: {
    title: "Events",
    back: "For staff",
    create: "New event",
    phases: { draft: "Drafts", coming: "Coming", cancelled: "Cancelled", past: "Past" },
    none: "There are no coming events yet.",
    left: (available: string, capacity: string) => `${available} of ${capacity} left`,
    seats: (capacity: string) => `${capacity} seats`,
    waiting: (parties: string) => `${parties} on the waiting list`,
  },
});

/** All events, by where they are. */
export default function Events() {
  const words = said(TEXTS);
  const query = useQuery(allEvents);
  const mayCreate = useHolds("EVENT_STAFF");
  return (
    <ForStaff roles={["EVENT_STAFF", "CUSTOMER_SERVICE"]}>
      <Page title={words.title} back={{ to: ROUTES.staff, text: words.back }} wide>
        {mayCreate && (
          <p>
            <ButtonLink to={ROUTES.newEvent}>{words.create}</ButtonLink>
          </p>
        )}
        <Loaded query={query}>
          {(events) => {
            const of = (phase: Phase) => events.filter((event) => phaseOf(event) === phase);
            return (
              <>
                <Group title={words.phases.coming} events={of("coming")} none={words.none} />
                <Group title={words.phases.draft} events={of("draft")} />
                <Group title={words.phases.cancelled} events={of("cancelled")} />
                <Group title={words.phases.past} events={of("past").reverse()} isFolded />
              </>
            );
          }}
        </Loaded>
      </Page>
    </ForStaff>
  );
}

function Group({
  title,
  events,
  none,
  isFolded = false,
}: {
  title: string;
  events: Event[];
  none?: string;
  isFolded?: boolean;
}) {
  if (events.length === 0 && none === undefined) return null;
  const rows =
    events.length === 0 ? (
      <p class="quiet">{none}</p>
    ) : (
      <ul class="event-rows">
        {events.map((event) => (
          <Row key={event.id} event={event} />
        ))}
      </ul>
    );
  if (isFolded) {
    return (
      <details class="ds-card ds-details">
        <summary>{`${title} (${whole(events.length)})`}</summary>
        <div>{rows}</div>
      </details>
    );
  }
  return (
    <section class="stack tight">
      <h2 class="ds-heading" data-size="xs">
        {title}
      </h2>
      {rows}
    </section>
  );
}

function Row({ event }: { event: Event }) {
  const words = said(TEXTS);
  const { startsAt, capacity, available, waitingParties } = event;
  const taken = capacity === 0 ? 0 : Math.min(1, (capacity - available) / capacity);
  const isOnOffer = phaseOf(event) === "coming";
  return (
    <li>
      <Link class="staff-row" href={at(ROUTES.staffEvent, { event: event.id })}>
        {startsAt && (
          <span class="day" aria-hidden="true">
            <strong>{dayOfMonth(startsAt)}</strong>
            <span>{shortMonth(startsAt)}</span>
          </span>
        )}
        <span class="what">
          <strong>{event.title}</strong>
          <span class="quiet">{beside(startsAt && dateAndTime(startsAt), event.venue)}</span>
        </span>
        <span class="numbers">
          <span class="row">
            <span class="number">
              {isOnOffer
                ? words.left(whole(available), whole(capacity))
                : words.seats(whole(capacity))}
            </span>
            <StatusTag event={event} />
          </span>
          {isOnOffer && (
            <span class="meter" aria-hidden="true">
              <span style={{ width: `${taken * 100}%` }} />
            </span>
          )}
          {waitingParties > 0 && (
            <span class="quiet number">{words.waiting(whole(waitingParties))}</span>
          )}
        </span>
      </Link>
    </li>
  );
}
