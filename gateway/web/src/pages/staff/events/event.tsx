import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { useParams } from "wouter-preact";
import { answerOf, api } from "../../../api/client";
import { queries } from "../../../api/queries";
import { dateAndTime, whole } from "../../../format";
import { at, ROUTES } from "../../../routes";
import { said, texts } from "../../../texts/language";
import { useAction } from "../../../ui/action";
import { Button, ButtonLink } from "../../../ui/button";
import { Failed } from "../../../ui/failed";
import { Loaded } from "../../../ui/loaded";
import { Notice } from "../../../ui/notice";
import { useNow } from "../../../ui/now";
import { Page } from "../../../ui/page";
import { ForStaff, useHolds } from "../for-staff";
import { type Event, eventOf, inventoryOf } from "../queries";
import { CancelDialog } from "./cancel";
import { CapacityDialog } from "./capacity";
import { Changes } from "./changes";
import { phaseOf } from "./phase";
import { StatusTag } from "./status";
import "../staff.css";

const TEXTS = texts({
  nn: {
    title: "Arrangement",
    back: "Arrangement",
    publish: "Publiser",
    publishHint: "Berre tilsette ser kladden. Når du publiserer, ser alle arrangementet.",
    door: "Opne døra",
    guests: "Gjesteliste",
    edit: "Endre",
    capacity: "Endre plassar",
    cancel: "Avlys",
    draw: "Trekk no",
    drawHint: "Påmeldinga er stengd. Trekninga skjer av seg sjølv, eller når du trykkjer her.",
    drawn: (when: string) => `Trekt ${when}.`,
    why: (reason: string) => `Avlyst: ${reason}`,
    numbers: "Billettar no",
    reserved: "Reserverte",
    held: "Haldne av",
    available: "Ledige",
    seats: "Plassar",
    waiting: "På venteliste",
    full: "Fleire har billett enn det er plass til. Ingen får fleire før nok er gitt tilbake.",
    facts: "Om arrangementet",
    venue: "Stad",
    startsAt: "Startar",
    salesOpenAt: "Reservasjon frå",
    salesCloseAt: "Reservasjon til",
    waitingListClosesAt: "Venteliste til",
    ballotClosesAt: "Påmelding til lodding",
    maxPerCustomer: "Høgst per kunde",
  },
  nb: {
    title: "Arrangement",
    back: "Arrangement",
    publish: "Publiser",
    publishHint: "Bare ansatte ser kladden. Når du publiserer, ser alle arrangementet.",
    door: "Åpne døren",
    guests: "Gjesteliste",
    edit: "Endre",
    capacity: "Endre plasser",
    cancel: "Avlys",
    draw: "Trekk nå",
    drawHint: "Påmeldingen er stengt. Trekningen skjer av seg selv, eller når du trykker her.",
    drawn: (when: string) => `Trukket ${when}.`,
    why: (reason: string) => `Avlyst: ${reason}`,
    numbers: "Billetter nå",
    reserved: "Reserverte",
    held: "Holdt av",
    available: "Ledige",
    seats: "Plasser",
    waiting: "På venteliste",
    full: "Flere har billett enn det er plass til. Ingen får flere før nok er gitt tilbake.",
    facts: "Om arrangementet",
    venue: "Sted",
    startsAt: "Starter",
    salesOpenAt: "Reservasjon fra",
    salesCloseAt: "Reservasjon til",
    waitingListClosesAt: "Venteliste til",
    ballotClosesAt: "Påmelding til loddtrekning",
    maxPerCustomer: "Høyst per kunde",
  },
  en: {
    title: "Event",
    back: "Events",
    publish: "Publish",
    publishHint: "Only staff see the draft. When you publish, everyone sees the event.",
    door: "Open the door",
    guests: "Guest list",
    edit: "Change",
    capacity: "Change seats",
    cancel: "Cancel event",
    draw: "Draw now",
    drawHint: "Registration has closed. The draw happens by itself, or when you press here.",
    drawn: (when: string) => `Drawn ${when}.`,
    why: (reason: string) => `Cancelled: ${reason}`,
    numbers: "Tickets now",
    reserved: "Reserved",
    held: "Held",
    available: "Left",
    seats: "Seats",
    waiting: "On the waiting list",
    full: "More have tickets than there are seats. Nobody gets more until enough are given back.",
    facts: "About the event",
    venue: "Venue",
    startsAt: "Starts",
    salesOpenAt: "Reservations from",
    salesCloseAt: "Reservations until",
    waitingListClosesAt: "Waiting list until",
    ballotClosesAt: "Registration for the ballot",
    maxPerCustomer: "At most per customer",
  },
});

/** An event with its numbers, what can be done with it, and what has happened. */
export default function EventPage() {
  const { event = "" } = useParams<{ event: string }>();
  const words = said(TEXTS);
  const query = useQuery(eventOf(event));
  return (
    <ForStaff roles={["EVENT_STAFF", "CUSTOMER_SERVICE"]}>
      <Page
        title={query.data?.title ?? words.title}
        back={{ to: ROUTES.staffEvents, text: words.back }}
        wide
      >
        <Loaded query={query}>
          {(shown) => (
            <>
              <p class="row">
                <StatusTag event={shown} />
                {shown.startsAt && <span>{dateAndTime(shown.startsAt)}</span>}
                <span class="quiet">{shown.venue}</span>
              </p>
              {shown.status === "CANCELLED" && (
                <Notice color="warning">
                  <p>{words.why(shown.cancelReason)}</p>
                </Notice>
              )}
              <Actions event={shown} />
              <Numbers event={shown} />
              <div class="beside">
                <Facts event={shown} />
                <Changes event={shown.id} />
              </div>
            </>
          )}
        </Loaded>
      </Page>
    </ForStaff>
  );
}

function Actions({ event }: { event: Event }) {
  const words = said(TEXTS);
  const runs = useHolds("EVENT_STAFF");
  const [asks, setAsks] = useState<"capacity" | "cancel" | null>(null);
  const now = useNow();
  const phase = phaseOf(event);
  const isOpen = phase === "draft" || phase === "coming";
  const publish = useAction(async (_: undefined, headers) => {
    const params = { path: { event_id: event.id }, header: headers };
    await answerOf(api.POST("/v1/events/{event_id}:publish", { params }));
    await queries.invalidateQueries({ queryKey: ["events"] });
  });
  const draw = useAction(async (_: undefined, headers) => {
    const params = { path: { event_id: event.id }, header: headers };
    await answerOf(api.POST("/v1/events/{event_id}:draw", { params }));
    await queries.invalidateQueries({ queryKey: ["events"] });
  });
  const isToBeDrawn =
    event.ballot !== null &&
    event.ballot.drawnAt === null &&
    event.ballot.closesAt !== null &&
    Date.parse(event.ballot.closesAt) <= now;
  const error = publish.error ?? draw.error;
  return (
    <>
      {runs && phase === "draft" && <p class="quiet">{words.publishHint}</p>}
      {runs && isToBeDrawn && phase === "coming" && <p class="quiet">{words.drawHint}</p>}
      <div class="row">
        {runs && phase === "draft" && (
          <Button busy={publish.busy} onClick={() => void publish.run(undefined)}>
            {words.publish}
          </Button>
        )}
        {runs && isToBeDrawn && phase === "coming" && (
          <Button busy={draw.busy} onClick={() => void draw.run(undefined)}>
            {words.draw}
          </Button>
        )}
        {phase !== "draft" && (
          <ButtonLink to={at(ROUTES.guests, { event: event.id })} variant="secondary">
            {words.guests}
          </ButtonLink>
        )}
        {runs && phase === "coming" && (
          <ButtonLink to={at(ROUTES.door, { event: event.id })} variant="secondary">
            {words.door}
          </ButtonLink>
        )}
        {runs && isOpen && (
          <>
            <ButtonLink to={at(ROUTES.editEvent, { event: event.id })} variant="secondary">
              {words.edit}
            </ButtonLink>
            <Button variant="secondary" onClick={() => setAsks("capacity")}>
              {words.capacity}
            </Button>
            <Button variant="secondary" color="danger" onClick={() => setAsks("cancel")}>
              {words.cancel}
            </Button>
          </>
        )}
      </div>
      {error !== null && <Failed error={error} />}
      {asks === "capacity" && <CapacityDialog event={event} onClose={() => setAsks(null)} />}
      {asks === "cancel" && <CancelDialog event={event} onClose={() => setAsks(null)} />}
    </>
  );
}

function Numbers({ event }: { event: Event }) {
  const words = said(TEXTS);
  const counts = useHolds("EVENT_STAFF");
  const { data: inventory } = useQuery({ ...inventoryOf(event.id), enabled: counts });
  const isOverfull = inventory !== undefined && inventory.reserved > inventory.capacity;
  const shown: readonly (readonly [string, number | undefined])[] = [
    ...(counts
      ? ([
          [words.reserved, inventory?.reserved],
          [words.held, inventory?.held],
        ] as const)
      : []),
    [words.available, event.available],
    [words.seats, event.capacity],
    [words.waiting, event.waitingParties],
  ];
  return (
    <section aria-label={words.numbers} aria-live="polite" class="stack tight">
      <dl class="numbers-of-event">
        {shown.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="number">{whole(value)}</dd>
          </div>
        ))}
      </dl>
      {isOverfull && (
        <Notice color="warning">
          <p>{words.full}</p>
        </Notice>
      )}
    </section>
  );
}

function Facts({ event }: { event: Event }) {
  const words = said(TEXTS);
  const times = [
    [words.startsAt, event.startsAt],
    [words.salesOpenAt, event.salesOpenAt],
    [words.salesCloseAt, event.salesCloseAt],
    [words.waitingListClosesAt, event.waitingListClosesAt],
    [words.ballotClosesAt, event.ballot?.closesAt ?? null],
  ] as const;
  return (
    <section class="ds-card stack">
      <h2 class="ds-heading" data-size="xs">
        {words.facts}
      </h2>
      {event.text && <p class="as-typed">{event.text}</p>}
      <dl class="staff-facts">
        <dt>{words.venue}</dt>
        <dd>{event.venue}</dd>
        {times.map(
          ([name, moment]) =>
            moment && (
              <>
                <dt>{name}</dt>
                <dd>{dateAndTime(moment)}</dd>
              </>
            ),
        )}
        <dt>{words.maxPerCustomer}</dt>
        <dd>{whole(event.maxPerCustomer)}</dd>
      </dl>
      {event.ballot?.drawnAt && <p>{words.drawn(dateAndTime(event.ballot.drawnAt))}</p>}
    </section>
  );
}
