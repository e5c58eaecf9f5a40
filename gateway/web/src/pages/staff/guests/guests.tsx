import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { useParams } from "wouter-preact";
import { answerOf, api } from "../../../api/client";
import { beside, dateAndTime, time, whole } from "../../../format";
import { at, ROUTES } from "../../../routes";
import { said, texts } from "../../../texts/language";
import { useAction } from "../../../ui/action";
import { Button } from "../../../ui/button";
import { Failed } from "../../../ui/failed";
import { Choice, TextField } from "../../../ui/field";
import { Loaded } from "../../../ui/loaded";
import { Page } from "../../../ui/page";
import { save } from "../../../ui/save";
import { ForStaff } from "../for-staff";
import {
  type GuestList,
  type GuestParty,
  guestListOf,
  type WaitlistEntry,
  waitingFor,
} from "../queries";
import { byNumber, bySurname, isFoundBy, listed } from "./people";
import "../staff.css";
import "./guests.css";

const TEXTS = texts({
  nn: {
    title: "Gjesteliste",
    print: "Skriv ut",
    pdf: "Last ned PDF",
    csv: "Last ned CSV",
    search: "Søk på namn, kundenummer eller kode",
    sort: "Sorter etter",
    byName: "Etternamn",
    byNumber: "Kundenummer",
    name: "Namn",
    number: "Kundenr.",
    tickets: "Billettar",
    admitted: "Inne",
    remaining: "Ventar vi på",
    codes: "Kodar",
    nobody: "Ingen har billett enno.",
    notFound: (typed: string) => `Ingen på lista passar med «${typed}».`,
    total: (parties: string, tickets: string, admitted: string, capacity: string) =>
      `${parties} følgje, ${tickets} billettar av ${capacity} plassar, ${admitted} inne`,
    found: (shown: string) => `Viser ${shown}`,
    made: (version: string, when: string) => `Utgåve ${version}, ${when}`,
    unknown: (count: string) => `${count} sleppte inn med billett som ingen kjenner`,
    noName: "Utan namn",
    lookAt: "sjekk",
    last: (when: string) => `sist kl. ${when}`,
    waiting: "Venteliste",
    nobodyWaits: "Ingen står på venteliste.",
    wants: "Ønskjer",
    offered: (tickets: string, until: string) => `tilbod om ${tickets}, til ${until}`,
  },
  nb: {
    title: "Gjesteliste",
    print: "Skriv ut",
    pdf: "Last ned PDF",
    csv: "Last ned CSV",
    search: "Søk på navn, kundenummer eller kode",
    sort: "Sorter etter",
    byName: "Etternavn",
    byNumber: "Kundenummer",
    name: "Navn",
    number: "Kundenr.",
    tickets: "Billetter",
    admitted: "Inne",
    remaining: "Venter vi på",
    codes: "Koder",
    nobody: "Ingen har billett ennå.",
    notFound: (typed: string) => `Ingen på listen passer med «${typed}».`,
    total: (parties: string, tickets: string, admitted: string, capacity: string) =>
      `${parties} følger, ${tickets} billetter av ${capacity} plasser, ${admitted} inne`,
    found: (shown: string) => `Viser ${shown}`,
    made: (version: string, when: string) => `Utgave ${version}, ${when}`,
    unknown: (count: string) => `${count} sluppet inn med billett som ingen kjenner`,
    noName: "Uten navn",
    lookAt: "sjekk",
    last: (when: string) => `sist kl. ${when}`,
    waiting: "Venteliste",
    nobodyWaits: "Ingen står på venteliste.",
    wants: "Ønsker",
    offered: (tickets: string, until: string) => `tilbud om ${tickets}, til ${until}`,
  },
  en: {
    title: "Guest list",
    print: "Print",
    pdf: "Download PDF",
    csv: "Download CSV",
    search: "Search by name, customer number or code",
    sort: "Sort by",
    byName: "Surname",
    byNumber: "Customer number",
    name: "Name",
    number: "Customer no.",
    tickets: "Tickets",
    admitted: "In",
    remaining: "To come",
    codes: "Codes",
    nobody: "Nobody has a ticket yet.",
    notFound: (typed: string) => `Nobody on the list matches “${typed}”.`,
    total: (parties: string, tickets: string, admitted: string, capacity: string) =>
      `${parties} parties, ${tickets} tickets of ${capacity} seats, ${admitted} in`,
    found: (shown: string) => `Showing ${shown}`,
    made: (version: string, when: string) => `Version ${version}, ${when}`,
    unknown: (count: string) => `${count} let in with a ticket that nobody knows`,
    noName: "No name",
    lookAt: "check",
    last: (when: string) => `last at ${when}`,
    waiting: "Waiting list",
    nobodyWaits: "Nobody is on the waiting list.",
    wants: "Wants",
    offered: (tickets: string, until: string) => `offered ${tickets}, until ${until}`,
  },
});

/** Who may come in, to look up, to print and to take along. */
export default function Guests() {
  const { event = "" } = useParams<{ event: string }>();
  const words = said(TEXTS);
  const query = useQuery(guestListOf(event));
  return (
    <ForStaff roles={["EVENT_STAFF", "CUSTOMER_SERVICE"]}>
      <Page
        title={words.title}
        back={{ to: at(ROUTES.staffEvent, { event }), text: query.data?.title ?? "…" }}
        wide
      >
        <Loaded query={query}>
          {(list) => (
            <>
              <p>
                <strong>{list.title}</strong>
                {"\u00a0· "}
                {beside(list.startsAt && dateAndTime(list.startsAt), list.venue)}
              </p>
              <Files list={list} />
              <Parties list={list} madeAt={query.dataUpdatedAt} />
              <Waiting event={event} />
            </>
          )}
        </Loaded>
      </Page>
    </ForStaff>
  );
}

function Files({ list }: { list: GuestList }) {
  const words = said(TEXTS);
  const name = (extension: string) => `gjesteliste-${list.startsAt?.slice(0, 10)}.${extension}`;
  const params = { path: { event_id: list.eventId } };
  const pdf = useAction(async () => {
    const call = api.GET("/v1/events/{event_id}/guestList.pdf", { params, parseAs: "blob" });
    save(await answerOf(call), name("pdf"));
  });
  const csv = useAction(async () => {
    const call = api.GET("/v1/events/{event_id}/guestList.csv", { params, parseAs: "blob" });
    save(await answerOf(call), name("csv"));
  });
  const error = pdf.error ?? csv.error;
  return (
    <>
      <div class="row not-printed">
        <Button busy={pdf.busy} onClick={() => void pdf.run()}>
          {words.pdf}
        </Button>
        <Button variant="secondary" busy={csv.busy} onClick={() => void csv.run()}>
          {words.csv}
        </Button>
        <Button variant="secondary" onClick={() => window.print()}>
          {words.print}
        </Button>
      </div>
      {error !== null && <Failed error={error} />}
    </>
  );
}

type Order = "name" | "number";

function Parties({ list, madeAt }: { list: GuestList; madeAt: number }) {
  const words = said(TEXTS);
  const [typed, setTyped] = useState("");
  const [order, setOrder] = useState<Order>("name");
  const shown = list.parties
    .filter((party) => isFoundBy(party, typed))
    .sort(order === "name" ? bySurname : byNumber);
  return (
    <section class="stack guest-tables">
      <div class="row look-up not-printed">
        <TextField label={words.search} type="search" value={typed} onText={setTyped} />
        <Choice<Order>
          label={words.sort}
          options={[
            ["name", words.byName],
            ["number", words.byNumber],
          ]}
          chosen={order}
          onChoose={setOrder}
        />
      </div>
      <div>
        <p>
          {words.total(
            whole(list.parties.length),
            whole(list.totalTickets),
            whole(list.totalAdmitted),
            whole(list.capacity),
          )}
        </p>
        {list.unknownTickets > 0 && <p>{words.unknown(whole(list.unknownTickets))}</p>}
        <p class="quiet">{words.made(list.version, dateAndTime(madeAt))}</p>
        <p class="quiet not-printed" role="status">
          {typed && shown.length > 0 && words.found(whole(shown.length))}
        </p>
      </div>
      {shown.length === 0 ? (
        <p role="status">{typed ? words.notFound(typed) : words.nobody}</p>
      ) : (
        <table class="ds-table guests">
          <thead>
            <tr>
              <th scope="col">{words.name}</th>
              <th scope="col">{words.number}</th>
              <th scope="col" class="number">
                {words.tickets}
              </th>
              <th scope="col" class="number">
                {words.admitted}
              </th>
              <th scope="col" class="number">
                {words.remaining}
              </th>
              <th scope="col">{words.codes}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((party) => (
              <PartyRow key={party.reservationId} party={party} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function PartyRow({ party }: { party: GuestParty }) {
  const words = said(TEXTS);
  return (
    <tr>
      <th scope="row">
        {listed(party.name) || words.noName}{" "}
        {party.conflict && (
          <span class="ds-tag" data-color="danger">
            {words.lookAt}
          </span>
        )}
      </th>
      <td class="number">{party.customerNumber}</td>
      <td class="number" data-of={words.tickets}>
        {whole(party.tickets)}
      </td>
      <td class="number" data-of={words.admitted}>
        {whole(party.admitted)}
        {party.lastAdmittedAt && (
          <span class="quiet"> {words.last(time(party.lastAdmittedAt))}</span>
        )}
      </td>
      <td class="number" data-of={words.remaining}>
        {whole(party.remaining)}
      </td>
      <td class="codes">
        <span class="boxes" aria-hidden="true">
          {party.codes.map((code) => (
            <span key={code} class="box" />
          ))}
        </span>
        {party.codes.join(" ")}
      </td>
    </tr>
  );
}

function Waiting({ event }: { event: string }) {
  const words = said(TEXTS);
  const query = useQuery(waitingFor(event));
  return (
    <section class="stack guest-tables waiting">
      <h2 class="ds-heading" data-size="xs">
        {words.waiting}
      </h2>
      <Loaded query={query}>
        {(entries) =>
          entries.length === 0 ? (
            <p class="quiet">{words.nobodyWaits}</p>
          ) : (
            <table class="ds-table guests">
              <thead>
                <tr>
                  <th scope="col">{words.name}</th>
                  <th scope="col">{words.number}</th>
                  <th scope="col" class="number">
                    {words.wants}
                  </th>
                </tr>
              </thead>
              <tbody>
                {entries.map((entry, index) => (
                  <WaitingRow key={entry.id} place={index + 1} entry={entry} />
                ))}
              </tbody>
            </table>
          )
        }
      </Loaded>
    </section>
  );
}

function WaitingRow({ place, entry }: { place: number; entry: WaitlistEntry }) {
  const words = said(TEXTS);
  const { offer, wanted, least } = entry;
  return (
    <tr>
      <th scope="row">
        {place}. {listed(entry.customerName) || words.noName}
      </th>
      <td class="number">{entry.customerNumber}</td>
      <td class="number" data-of={words.wants}>
        {least < wanted ? `${whole(least)}–${whole(wanted)}` : whole(wanted)}
        {offer?.expiresAt && (
          <span class="quiet">
            {" "}
            {words.offered(whole(offer.tickets), dateAndTime(offer.expiresAt))}
          </span>
        )}
      </td>
    </tr>
  );
}
