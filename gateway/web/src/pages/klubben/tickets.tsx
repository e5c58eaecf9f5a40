import "./klubben.css";
import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { useParams } from "wouter-preact";
import { answerOf, api } from "../../api/client";
import { Offline } from "../../api/problem";
import { queries, useMe } from "../../api/queries";
import { beside, time } from "../../format";
import { at, ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button, ButtonLink } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Failed } from "../../ui/failed";
import { Loaded } from "../../ui/loaded";
import { Notice } from "../../ui/notice";
import { useNow } from "../../ui/now";
import { Page } from "../../ui/page";
import { Qr } from "../../ui/qr";
import { save } from "../../ui/save";
import { Stepper } from "../../ui/stepper";
import { Missing } from "../missing";
import { WhenAndWhere } from "./leaf";
import { moment, type Reservation, reservations, type Ticket, takeReservation } from "./queries";
import { useWakeLock } from "./wake-lock";
import { tickets as ticketCount } from "./words";

const TEXTS = texts({
  nn: {
    title: "Billettar",
    back: "Kraftklubben",
    number: (n: number, of: number) => `Billett ${n} av ${of}`,
    qr: (code: string) => `QR-kode for billett ${code}`,
    code: "Kode",
    use: "Bruk billetten",
    used: (when: string) => `Markert som brukt kl. ${when}`,
    undo: "Angre",
    notMarked:
      "Vi får ikkje kontakt. Merket kan vente: for å kome inn held det å vise koden eller seie namnet ditt.",
    authority:
      "Merket er berre for deg sjølv. Dei som står i døra, går etter gjestelista si. Har du trykt feil, eller er telefonen tom, mistar du ingenting: sei namnet ditt.",
    pdf: "Last ned som PDF",
    event: "Om arrangementet",
    cannotCome: "Kan du ikkje kome?",
    goOn: "Gi tilbake det du ikkje treng. Billettane går til den neste på ventelista.",
    howMany: "Kor mange vil du gi tilbake?",
    giveBack: (what: string) => `Gi tilbake ${what}`,
    sureAll: "Gi tilbake alle billettane?",
    sure: (n: number, of: number) => `Gi tilbake ${n} av ${of} billettar?`,
    sureText: "Dei går til den neste på ventelista med ein gong, og du kan ikkje angre.",
    whichGo: (codes: string) => `Desse sluttar å gjelde: ${codes}.`,
    yes: "Ja, gi tilbake",
    no: "Behald dei",
    gaveBack: (what: string, left: string) => `Du har gitt tilbake ${what}, og har ${left} att.`,
    released: "Du har gitt tilbake alle billettane",
    releasedText: "Takk! Då får nokon andre plass.",
    cancelled: "Arrangementet er avlyst",
    cancelledText: "Billettane gjeld ikkje lenger.",
    toEvent: "Sjå arrangementet",
  },
  nb: {
    title: "Billetter",
    back: "Kraftklubben",
    number: (n: number, of: number) => `Billett ${n} av ${of}`,
    qr: (code: string) => `QR-kode for billett ${code}`,
    code: "Kode",
    use: "Bruk billetten",
    used: (when: string) => `Markert som brukt kl. ${when}`,
    undo: "Angre",
    notMarked:
      "Vi får ikke kontakt. Merket kan vente: for å komme inn holder det å vise koden eller si navnet ditt.",
    authority:
      "Merket er bare for deg selv. De som står i døren, går etter gjestelisten sin. Har du trykket feil, eller er telefonen tom, mister du ingenting: si navnet ditt.",
    pdf: "Last ned som PDF",
    event: "Om arrangementet",
    cannotCome: "Kan du ikke komme?",
    goOn: "Gi tilbake det du ikke trenger. Billettene går til den neste på ventelisten.",
    howMany: "Hvor mange vil du gi tilbake?",
    giveBack: (what: string) => `Gi tilbake ${what}`,
    sureAll: "Gi tilbake alle billettene?",
    sure: (n: number, of: number) => `Gi tilbake ${n} av ${of} billetter?`,
    sureText: "De går til den neste på ventelisten med en gang, og du kan ikke angre.",
    whichGo: (codes: string) => `Disse slutter å gjelde: ${codes}.`,
    yes: "Ja, gi tilbake",
    no: "Behold dem",
    gaveBack: (what: string, left: string) => `Du har gitt tilbake ${what}, og har ${left} igjen.`,
    released: "Du har gitt tilbake alle billettene",
    releasedText: "Takk! Da får noen andre plass.",
    cancelled: "Arrangementet er avlyst",
    cancelledText: "Billettene gjelder ikke lenger.",
    toEvent: "Se arrangementet",
  },
  en: {
    title: "Tickets",
    back: "Kraftklubben",
    number: (n: number, of: number) => `Ticket ${n} of ${of}`,
    qr: (code: string) => `QR code of ticket ${code}`,
    code: "Code",
    use: "Use the ticket",
    used: (when: string) => `Marked as used at ${when}`,
    undo: "Undo",
    notMarked: "We cannot connect. The mark can wait: to get in, show the code or say your name.",
    authority:
      "The mark is only for yourself. The staff at the door go by their guest list. If you tapped by accident, or your phone is dead, nothing is lost: say your name.",
    pdf: "Download as PDF",
    event: "About the event",
    cannotCome: "Cannot come?",
    goOn: "Give back what you do not need. The tickets go to the next on the waiting list.",
    howMany: "How many do you give back?",
    giveBack: (what: string) => `Give back ${what}`,
    sureAll: "Give back all tickets?",
    sure: (n: number, of: number) => `Give back ${n} of ${of} tickets?`,
    sureText: "They go to the next on the waiting list at once, and you cannot undo it.",
    whichGo: (codes: string) => `These are no longer valid: ${codes}.`,
    yes: "Yes, give back",
    no: "Keep them",
    gaveBack: (what: string, left: string) => `You have given back ${what}, and have ${left} left.`,
    released: "You have given back all tickets",
    releasedText: "Thank you! Now somebody else can come.",
    cancelled: "The event is cancelled",
    cancelledText: "The tickets are no longer valid.",
    toEvent: "See the event",
  },
});

/** The tickets of a reservation, to be shown at the door: also where there is no network. */
export default function Tickets() {
  const words = said(TEXTS);
  const { reservation: id } = useParams();
  const query = useQuery(reservations);
  const reservation = query.data?.find((each) => each.id === id);
  if (query.isSuccess && !query.isFetching && !reservation) return <Missing />;
  return (
    <Page
      title={reservation?.eventTitle ?? words.title}
      back={{ to: ROUTES.klubben, text: words.back }}
    >
      <Loaded query={{ ...query, data: reservation }}>
        {(known) => <OfReservation reservation={known} />}
      </Loaded>
    </Page>
  );
}

function OfReservation({ reservation }: { reservation: Reservation }) {
  const words = said(TEXTS);
  const active = reservation.tickets.filter(({ status }) => status === "ACTIVE");
  useWakeLock(active.length > 0);
  const event = at(ROUTES.event, { event: reservation.eventId });
  return (
    <>
      <WhenAndWhere startsAt={reservation.eventStartsAt} venue={reservation.eventVenue} />
      {active.length > 0 ? (
        <Active reservation={reservation} active={active} />
      ) : reservation.status === "CANCELLED" ? (
        <Notice color="danger">
          <h2 class="ds-heading" data-size="2xs">
            {words.cancelled}
          </h2>
          <p>{words.cancelledText}</p>
        </Notice>
      ) : (
        <Notice>
          <h2 class="ds-heading" data-size="2xs">
            {words.released}
          </h2>
          <p>{words.releasedText}</p>
        </Notice>
      )}
      <div class="row">
        {active.length > 0 && <Pdf reservation={reservation} />}
        <ButtonLink to={event} variant="secondary">
          {words.event}
        </ButtonLink>
      </div>
    </>
  );
}

function Active({ reservation, active }: { reservation: Reservation; active: Ticket[] }) {
  const words = said(TEXTS);
  const now = useNow(60_000);
  const { data: me } = useMe();
  const guest = me?.customers.find(({ id }) => id === reservation.customerId)?.name;
  return (
    <>
      <ol class="tickets">
        {active.map((ticket, place) => (
          <li key={ticket.id}>
            <OneTicket
              ticket={ticket}
              title={words.number(place + 1, active.length)}
              guest={guest}
              event={reservation.eventTitle}
            />
          </li>
        ))}
      </ol>
      <p class="quiet">{words.authority}</p>
      {now < moment(reservation.eventStartsAt) && (
        <GiveBack reservation={reservation} active={active} />
      )}
    </>
  );
}

function OneTicket({
  ticket,
  title,
  guest,
  event,
}: {
  ticket: Ticket;
  title: string;
  guest: string | undefined;
  event: string;
}) {
  const words = said(TEXTS);
  const mark = useAction(async (isUsed: boolean, headers) => {
    const params = { path: { ticket_id: ticket.id }, header: headers };
    takeTicket(
      await answerOf(
        isUsed
          ? api.POST("/v1/tickets/{ticket_id}:use", { params })
          : api.POST("/v1/tickets/{ticket_id}:unuse", { params }),
      ),
    );
  });
  const isUsed = ticket.usedAt !== null;
  return (
    <article class="ds-card stack panel ticket">
      <div>
        <h2 class="ds-heading" data-size="xs">
          {title}
        </h2>
        <p class="quiet">{beside(guest, event)}</p>
      </div>
      <Qr text={ticket.token} label={words.qr(ticket.code)} />
      <p class="code">
        <span class="ds-sr-only">{words.code} </span>
        {ticket.code}
      </p>
      {mark.error instanceof Offline ? (
        <Notice color="warning">{words.notMarked}</Notice>
      ) : (
        mark.error !== null && <Failed error={mark.error} />
      )}
      <div class="row between" role="status">
        {isUsed && (
          <span class="ds-tag" data-color="info">
            {words.used(time(moment(ticket.usedAt)))}
          </span>
        )}
        <Button variant="secondary" busy={mark.busy} onClick={() => void mark.run(!isUsed)}>
          {isUsed ? words.undo : words.use}
        </Button>
      </div>
    </article>
  );
}

function takeTicket(ticket: Ticket): void {
  queries.setQueryData(reservations.queryKey, (known) =>
    known?.map((each) => ({
      ...each,
      tickets: each.tickets.map((one) => (one.id === ticket.id ? ticket : one)),
    })),
  );
}

function GiveBack({ reservation, active }: { reservation: Reservation; active: Ticket[] }) {
  const words = said(TEXTS);
  const [wanted, setWanted] = useState(1);
  const [isAsking, setAsking] = useState(false);
  const [given, setGiven] = useState(0);
  const quantity = Math.min(wanted, active.length);
  const goes = active.slice(-quantity);
  const release = useAction(async (ticketIds: string[], headers) => {
    const params = { path: { reservation_id: reservation.id }, header: headers };
    takeReservation(
      await answerOf(
        api.POST("/v1/reservations/{reservation_id}:release", { params, body: { ticketIds } }),
      ),
    );
  });

  async function giveBack() {
    if (!(await release.run(goes.map(({ id }) => id)))) return;
    setGiven(quantity);
    setWanted(1);
    setAsking(false);
  }

  return (
    <>
      <div role="status">
        {given > 0 && (
          <p class="lowered">{words.gaveBack(ticketCount(given), ticketCount(active.length))}</p>
        )}
      </div>
      <details class="ds-card ds-details">
        <summary>{words.cannotCome}</summary>
        <div class="stack">
          <p>{words.goOn}</p>
          {active.length > 1 && (
            <Stepper
              label={words.howMany}
              value={quantity}
              max={active.length}
              onChange={setWanted}
            />
          )}
          <Button variant="secondary" color="danger" onClick={() => setAsking(true)}>
            {words.giveBack(ticketCount(quantity))}
          </Button>
        </div>
      </details>
      {isAsking && (
        <Dialog
          title={quantity === active.length ? words.sureAll : words.sure(quantity, active.length)}
          onClose={() => setAsking(false)}
        >
          <p>{words.sureText}</p>
          <p>{words.whichGo(goes.map(({ code }) => code).join(", "))}</p>
          {release.error !== null && <Failed error={release.error} />}
          <div class="row">
            <Button color="danger" busy={release.busy} onClick={() => void giveBack()}>
              {words.yes}
            </Button>
            <Button variant="secondary" onClick={() => setAsking(false)}>
              {words.no}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Pdf({ reservation }: { reservation: Reservation }) {
  const words = said(TEXTS);
  // Fetched and not linked to: a link would fail where the session is to be renewed first.
  const download = useAction(async () => {
    const params = { path: { reservation_id: reservation.id } };
    const { data } = await api.GET("/v1/reservations/{reservation_id}/tickets.pdf", {
      params,
      parseAs: "blob",
    });
    if (data) save(data, `${reservation.eventTitle}.pdf`);
  });
  return (
    <>
      <Button variant="secondary" busy={download.busy} onClick={() => void download.run()}>
        {words.pdf}
      </Button>
      {download.error !== null && <Failed error={download.error} />}
    </>
  );
}
