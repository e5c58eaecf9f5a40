import "./klubben.css";
import { useQuery } from "@tanstack/preact-query";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useParams } from "wouter-preact";
import { answerOf, api } from "../../api/client";
import { Problem } from "../../api/problem";
import { queries, useMe } from "../../api/queries";
import { beside, dateAndTime, duration } from "../../format";
import { at, ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button, ButtonLink } from "../../ui/button";
import { Failed } from "../../ui/failed";
import { Choice } from "../../ui/field";
import { Loaded } from "../../ui/loaded";
import { Notice } from "../../ui/notice";
import { useNow } from "../../ui/now";
import { Page } from "../../ui/page";
import { Stepper } from "../../ui/stepper";
import { together } from "../../ui/together";
import { type For, useFor } from "./customer";
import { useFreshHeading } from "./fresh";
import { WhenAndWhere } from "./leaf";
import { OfferCard } from "./offer";
import {
  draw,
  type Entry,
  type Event,
  event as eventQuery,
  moment,
  type Reservation,
  takeReservation,
  useMine,
} from "./queries";
import { standing } from "./standing";
import { askForMore, JoinForm, Rejoin, WaitingCard } from "./waiting";
import { tickets, ticketsLeft } from "./words";

const TEXTS = texts({
  nn: {
    loading: "Arrangement",
    back: "Kraftklubben",
    about: "Om arrangementet",
    reserve: "Reserver billettar",
    howMany: "Kor mange billettar?",
    most: (n: number) => `Høgst ${n} per kunde`,
    reserveThem: (what: string) => `Reserver ${what}`,
    lowered: (left: string) => `No er det berre ${left}. Vi har sett ned talet.`,
    wantMore: "Treng du fleire enn det er igjen?",
    wantMoreText:
      "Set deg på ventelista. Det som er ledig og passar, får du tilbod om med ein gong.",
    yours: (what: string) => `Du har ${what}`,
    show: (n: number) => (n === 1 ? "Vis billetten" : "Vis billettane"),
    giveBack: "Kan du ikkje kome? Du kan gi billettar tilbake der du ser dei.",
    more: "Treng du fleire?",
    moreText: "Er det ledig, får du dei med ein gong. Er det fullt, set vi deg på ventelista.",
    askForMore: (what: string) => `Be om ${what} til`,
    cancelled: "Arrangementet er avlyst",
    begun: "Arrangementet har begynt.",
    opens: "Billettane blir lagde ut",
    opensIn: (time: string) => `om ${time}`,
    closed: "Det er ikkje lenger mogleg å reservere billettar.",
    full: "Fullteikna",
    fullText:
      "Alle billettane er tekne. Når nokon gir tilbake, går dei til den neste på ventelista.",
    waiting: (n: number) =>
      n === 0
        ? "Ingen står i kø no."
        : n === 1
          ? "Eitt følgje står i kø."
          : `${n} følgje står i kø.`,
    listClosed: "Ventelista er stengd.",
    noLuck: "Ventelista er stengd, og det vart diverre ikkje plass denne gongen.",
    ballot: "Billettane blir trekte ut",
    ballotText: (when: string) =>
      `Alle som melder seg på før ${when}, har like stor sjanse. Det hastar ikkje å vere først.`,
    drawing: "Påmeldinga er stengd, og trekkinga er i gang. Svaret kjem her om litt.",
    how: "Slik blir det trekt",
    howText:
      "Rekkjefølgja følgjer av eit hemmeleg tal som var bestemt før nokon melde seg på. Fingeravtrykket av talet står her. Etter trekkinga viser vi talet, så kven som helst kan rekne etter.",
    commitment: "Fingeravtrykk (SHA-256)",
    seed: "Talet",
    forWhom: "Kven gjeld det?",
  },
  nb: {
    loading: "Arrangement",
    back: "Kraftklubben",
    about: "Om arrangementet",
    reserve: "Reserver billetter",
    howMany: "Hvor mange billetter?",
    most: (n: number) => `Høyst ${n} per kunde`,
    reserveThem: (what: string) => `Reserver ${what}`,
    lowered: (left: string) => `Nå er det bare ${left}. Vi har satt ned antallet.`,
    wantMore: "Trenger du flere enn det er igjen?",
    wantMoreText:
      "Sett deg på ventelisten. Det som er ledig og passer, får du tilbud om med en gang.",
    yours: (what: string) => `Du har ${what}`,
    show: (n: number) => (n === 1 ? "Vis billetten" : "Vis billettene"),
    giveBack: "Kan du ikke komme? Du kan gi billetter tilbake der du ser dem.",
    more: "Trenger du flere?",
    moreText: "Er det ledig, får du dem med en gang. Er det fullt, setter vi deg på ventelisten.",
    askForMore: (what: string) => `Be om ${what} til`,
    cancelled: "Arrangementet er avlyst",
    begun: "Arrangementet har begynt.",
    opens: "Billettene legges ut",
    opensIn: (time: string) => `om ${time}`,
    closed: "Det er ikke lenger mulig å reservere billetter.",
    full: "Fulltegnet",
    fullText: "Alle billettene er tatt. Når noen gir tilbake, går de til den neste på ventelisten.",
    waiting: (n: number) =>
      n === 0 ? "Ingen står i kø nå." : n === 1 ? "Ett følge står i kø." : `${n} følger står i kø.`,
    listClosed: "Ventelisten er stengt.",
    noLuck: "Ventelisten er stengt, og det ble dessverre ikke plass denne gangen.",
    ballot: "Billettene trekkes ut",
    ballotText: (when: string) =>
      `Alle som melder seg på før ${when}, har like stor sjanse. Det haster ikke å være først.`,
    drawing: "Påmeldingen er stengt, og trekningen er i gang. Svaret kommer her om litt.",
    how: "Slik trekkes det",
    howText:
      "Rekkefølgen følger av et hemmelig tall som var bestemt før noen meldte seg på. Fingeravtrykket av tallet står her. Etter trekningen viser vi tallet, så hvem som helst kan regne etter.",
    commitment: "Fingeravtrykk (SHA-256)",
    seed: "Tallet",
    forWhom: "Hvem gjelder det?",
  },
  en: {
    loading: "Event",
    back: "Kraftklubben",
    about: "About the event",
    reserve: "Reserve tickets",
    howMany: "How many tickets?",
    most: (n: number) => `At most ${n} per customer`,
    reserveThem: (what: string) => `Reserve ${what}`,
    lowered: (left: string) => `Now only ${left}. We have lowered the number.`,
    wantMore: "Do you need more than are left?",
    wantMoreText: "Join the waiting list. What is free and fits, you are offered at once.",
    yours: (what: string) => `You have ${what}`,
    show: (n: number) => (n === 1 ? "Show the ticket" : "Show the tickets"),
    giveBack: "Cannot come? You can give tickets back where you see them.",
    more: "Do you need more?",
    moreText:
      "If there are any, you get them at once. If it is full, we put you on the waiting list.",
    askForMore: (what: string) => `Ask for ${what} more`,
    cancelled: "The event is cancelled",
    begun: "The event has begun.",
    opens: "Tickets can be had from",
    opensIn: (time: string) => `in ${time}`,
    closed: "Tickets can no longer be reserved.",
    full: "Fully booked",
    fullText:
      "All tickets are taken. When somebody gives some back, they go to the next on the waiting list.",
    waiting: (n: number) =>
      n === 0
        ? "Nobody is in line now."
        : n === 1
          ? "One party is in line."
          : `${n} parties are in line.`,
    listClosed: "The waiting list is closed.",
    noLuck: "The waiting list is closed, and sadly there was no room this time.",
    ballot: "Tickets are given out by lot",
    ballotText: (when: string) =>
      `All who register before ${when} have the same chance. There is no hurry to be first.`,
    drawing: "Registration has closed, and the draw is being made. The answer comes here soon.",
    how: "How it is drawn",
    howText:
      "The order follows from a secret number that was settled before anyone registered. Its fingerprint stands here. After the draw we show the number, so that anyone can draw again.",
    commitment: "Fingerprint (SHA-256)",
    seed: "The number",
    forWhom: "Who is it for?",
  },
});

/** An event, and what somebody can do about it. */
export default function EventPage() {
  const words = said(TEXTS);
  const { event: id = "" } = useParams();
  const { data: me } = useMe();
  const customers = me?.customers ?? [];
  const [chosen, setChosen] = useState("");
  const customer = customers.find((each) => each.customerNumber === chosen) ?? customers[0];
  const query = together(useQuery(eventQuery(id)), useMine());
  return (
    <Page
      title={query.data?.[0].title ?? words.loading}
      back={{ to: ROUTES.klubben, text: words.back }}
    >
      <Loaded query={query}>
        {([event, [mine, waits]]) => {
          const isHere = (each: { eventId: string; customerId: string }) =>
            each.eventId === event.id && each.customerId === customer?.id;
          return (
            <>
              <WhenAndWhere startsAt={event.startsAt} venue={event.venue} />
              {customer && customers.length > 1 && (
                <Choice
                  label={words.forWhom}
                  options={customers.map((each) => [each.customerNumber, each.name])}
                  chosen={customer.customerNumber}
                  onChoose={setChosen}
                />
              )}
              {customer && (
                <Panel
                  key={customer.id}
                  event={event}
                  reservation={mine.find((each) => isHere(each) && each.status === "ACTIVE")}
                  entry={waits.find(isHere)}
                  customerId={customer.id}
                />
              )}
              {event.text && (
                <section>
                  <h2 class="ds-heading" data-size="xs">
                    {words.about}
                  </h2>
                  <p class="about">{event.text}</p>
                </section>
              )}
              {event.ballot && <HowItIsDrawn event={event} />}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

/** What somebody has of an event, and what they can get. */
function Panel({
  event,
  reservation,
  entry,
  customerId,
}: {
  event: Event;
  reservation: Reservation | undefined;
  entry: Entry | undefined;
  customerId: string;
}) {
  const words = said(TEXTS);
  const customer = useFor(customerId);
  const now = useNow();
  const state = standing(event, now);
  const most = event.maxPerCustomer - (reservation?.quantity ?? 0);
  const isCancelled = state.kind === "cancelled";
  const isWaiting = entry?.status === "WAITING";
  const hasOffer = entry?.status === "OFFERED";
  const canRejoin = entry?.status === "EXPIRED" && now < moment(event.waitingListClosesAt);
  const isFull = state.kind === "full" || state.kind === "closed";
  return (
    <>
      {isCancelled && (
        <Notice color="danger">
          <h2 class="ds-heading" data-size="2xs">
            {words.cancelled}
          </h2>
          <p>{event.cancelReason}</p>
        </Notice>
      )}
      {hasOffer && <OfferCard entry={entry} />}
      {canRejoin && <Rejoin entry={entry} />}
      {reservation && !isCancelled && (
        <Yours
          event={event}
          reservation={reservation}
          customer={customer}
          most={isWaiting || hasOffer || state.kind === "begun" ? 0 : most}
          now={now}
        />
      )}
      {isWaiting && !isCancelled && <WaitingCard entry={entry} event={event} most={most} />}
      {entry?.status === "CLOSED" && !isCancelled && <Notice>{words.noLuck}</Notice>}
      {!reservation && !isWaiting && !hasOffer && !(canRejoin && isFull) && (
        <Getting event={event} entry={entry} customer={customer} now={now} />
      )}
    </>
  );
}

/** The tickets that somebody has, and a way to more. */
function Yours({
  event,
  reservation,
  customer,
  most,
  now,
}: {
  event: Event;
  reservation: Reservation;
  customer: For;
  most: number;
  now: number;
}) {
  const words = said(TEXTS);
  const heading = useFreshHeading(moment(reservation.reservedAt), reservation.quantity);
  const [quantity, setQuantity] = useState(1);
  const more = useAction((wanted: number, headers) =>
    askForMore(event.id, { wanted, least: wanted, ...customer }, headers),
  );
  const asked = Math.min(quantity, most);
  return (
    <section class="ds-card stack panel" data-color="success" data-variant="tinted">
      <h2 ref={heading} tabIndex={-1} class="ds-heading" data-size="xs">
        {words.yours(tickets(reservation.quantity))}
      </h2>
      <div class="row" data-color="accent">
        <ButtonLink to={at(ROUTES.tickets, { reservation: reservation.id })}>
          {words.show(reservation.quantity)}
        </ButtonLink>
      </div>
      {now < moment(event.startsAt) && <p class="quiet">{words.giveBack}</p>}
      {most > 0 && now < moment(event.waitingListClosesAt) && (
        <details class="ds-details" data-color="accent">
          <summary>{words.more}</summary>
          <div class="stack">
            <p>{words.moreText}</p>
            <Stepper
              label={words.howMany}
              hint={words.most(event.maxPerCustomer)}
              value={asked}
              max={most}
              onChange={setQuantity}
            />
            {more.error !== null && <Failed error={more.error} />}
            <Button variant="secondary" busy={more.busy} onClick={() => void more.run(asked)}>
              {words.askForMore(tickets(asked))}
            </Button>
          </div>
        </details>
      )}
    </section>
  );
}

/** How somebody without tickets gets some. */
function Getting({
  event,
  entry,
  customer,
  now,
}: {
  event: Event;
  entry: Entry | undefined;
  customer: For;
  now: number;
}) {
  const words = said(TEXTS);
  const state = standing(event, now);
  const [wanted, setWanted] = useState(Math.min(2, event.maxPerCustomer));
  const reserve = useAction(async (body: { quantity: number } & For, headers) => {
    const params = { path: { event_id: event.id }, header: headers };
    try {
      takeReservation(
        await answerOf(api.POST("/v1/events/{event_id}/reservations", { params, body })),
      );
    } catch (error) {
      showLeft(event.id, error);
      throw error;
    }
  });
  const refused = reserve.error !== null && <Failed error={reserve.error} />;
  switch (state.kind) {
    case "cancelled":
      return null;
    case "begun":
      return <Notice>{words.begun}</Notice>;
    case "notOpen":
      return <OpensLater event={event} now={now} />;
    case "registering":
      return (
        <section class="ds-card stack panel">
          <h2 class="ds-heading" data-size="xs">
            {words.ballot}
          </h2>
          <p>{words.ballotText(dateAndTime(moment(event.ballot?.closesAt ?? null)))}</p>
          <JoinForm
            event={event}
            isBallot
            most={event.maxPerCustomer}
            first={wanted}
            customer={customer}
          />
        </section>
      );
    case "drawing":
      return <Notice>{words.drawing}</Notice>;
    case "available":
      return (
        <section class="ds-card stack panel">
          <h2 class="ds-heading" data-size="xs">
            {words.reserve}
          </h2>
          <Reserve
            event={event}
            wanted={wanted}
            onWanted={setWanted}
            refused={refused}
            busy={reserve.busy}
            onReserve={(quantity) => void reserve.run({ quantity, ...customer })}
          />
          {state.left < event.maxPerCustomer && now < moment(event.waitingListClosesAt) && (
            <details class="ds-details">
              <summary>{words.wantMore}</summary>
              <div class="stack">
                <p>{words.wantMoreText}</p>
                <JoinForm
                  event={event}
                  most={event.maxPerCustomer}
                  first={state.left + 1}
                  customer={customer}
                />
              </div>
            </details>
          )}
        </section>
      );
    case "full":
    case "closed":
      return (
        <section class="ds-card stack panel">
          <h2 class="ds-heading" data-size="xs">
            {state.kind === "full" ? words.full : words.closed}
          </h2>
          {refused}
          {state.takesWaiting ? (
            <>
              <p>
                {words.fullText} {words.waiting(event.waitingParties)}
              </p>
              <JoinForm
                event={event}
                most={event.maxPerCustomer}
                first={wanted}
                customer={customer}
              />
            </>
          ) : (
            entry?.status !== "CLOSED" && <p>{words.listClosed}</p>
          )}
        </section>
      );
  }
}

/** A refusal that says how many are left is newer than what is shown. */
function showLeft(id: string, error: unknown): void {
  const left = error instanceof Problem ? error.document.available : undefined;
  if (left === undefined) return;
  queries.setQueryData(eventQuery(id).queryKey, (event) => event && { ...event, available: left });
}

function Reserve({
  event,
  wanted,
  onWanted,
  refused,
  busy,
  onReserve,
}: {
  event: Event;
  wanted: number;
  onWanted: (wanted: number) => void;
  refused: ComponentChildren;
  busy: boolean;
  onReserve: (quantity: number) => void;
}) {
  const words = said(TEXTS);
  const [isLowered, setLowered] = useState(false);
  const most = Math.min(event.available, event.maxPerCustomer);
  const quantity = Math.min(wanted, most);
  useEffect(() => {
    if (wanted <= most) return;
    onWanted(most);
    setLowered(true);
  }, [wanted, most, onWanted]);
  return (
    <>
      <Stepper
        label={words.howMany}
        hint={beside(ticketsLeft(event.available), words.most(event.maxPerCustomer))}
        value={quantity}
        max={most}
        onChange={(next) => {
          onWanted(next);
          setLowered(false);
        }}
      />
      <div role="status">
        {isLowered && !refused && (
          <p class="lowered">{words.lowered(ticketsLeft(event.available))}</p>
        )}
      </div>
      {refused}
      <Button busy={busy} wide onClick={() => onReserve(quantity)}>
        {words.reserveThem(tickets(quantity))}
      </Button>
    </>
  );
}

function OpensLater({ event, now }: { event: Event; now: number }) {
  const words = said(TEXTS);
  const opensAt = moment(event.salesOpenAt);
  return (
    <section class="ds-card stack panel">
      <h2 class="ds-heading" data-size="xs">
        {words.opens}
      </h2>
      <p class="deadline">
        <strong>{dateAndTime(opensAt)}</strong>
        {opensAt - now < A_DAY_MS && (
          <span class="ds-tag number countdown" role="timer">
            {words.opensIn(duration((opensAt - now) / 1000))}
          </span>
        )}
      </p>
    </section>
  );
}

const A_DAY_MS = 24 * 60 * 60_000;

function HowItIsDrawn({ event }: { event: Event }) {
  const words = said(TEXTS);
  const isDrawn = Boolean(event.ballot?.drawnAt);
  const { data } = useQuery({ ...draw(event.id), enabled: isDrawn });
  return (
    <details class="ds-card ds-details">
      <summary>{words.how}</summary>
      <div class="stack">
        <p>{words.howText}</p>
        <dl class="fingerprint">
          <dt>{words.commitment}</dt>
          <dd>{event.ballot?.commitment}</dd>
          {data && (
            <>
              <dt>{words.seed}</dt>
              <dd>{data.seed}</dd>
            </>
          )}
        </dl>
      </div>
    </details>
  );
}
