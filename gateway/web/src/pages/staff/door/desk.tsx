import { useQuery } from "@tanstack/preact-query";
import { useEffect, useState } from "preact/hooks";
import { whole } from "../../../format";
import { at, ROUTES } from "../../../routes";
import { said, texts } from "../../../texts/language";
import { Button } from "../../../ui/button";
import { Failed } from "../../../ui/failed";
import { TextField } from "../../../ui/field";
import { Loading } from "../../../ui/loaded";
import { Notice } from "../../../ui/notice";
import { Page } from "../../../ui/page";
import { isFoundBy, listed } from "../guests/people";
import type { GuestList } from "../queries";
import { type Door, device, nameDevice } from "./door";
import { inside, needsALook, standing, type Tap, ticketOf, waits } from "./log";
import { Odd } from "./odd";
import { PartyDialog } from "./party";
import { Scanner } from "./scanner";
import { UnknownDialog } from "./unknown";
import "../staff.css";
import "./door.css";

const TEXTS = texts({
  nn: {
    title: "Døra",
    back: "Arrangement",
    insideOf: (inside: string, expected: string) => `${inside} av ${expected} inne`,
    synced: "På nett. Alt er sendt.",
    sending: (waiting: string) => `På nett. Sender ${waiting} …`,
    offline: "Utan nett. Alt er sendt.",
    waiting: (waiting: string) =>
      `Utan nett. ${waiting} ventar på å bli ${waiting === "1" ? "sendt" : "sende"}.`,
    unknown: "Koplar til …",
    loggedOut: (waiting: string) => `Du er logga ut. ${waiting} ventar på å bli sende.`,
    logIn: "Logg inn og send",
    notKept: "Denne eininga kunne ikkje lagre det. Ingen er registrert. Prøv igjen.",
    scan: "Skann billett",
    search: "Namn, kundenummer eller kode",
    done: (guests: string, name: string) => `${guests} inne: ${name}`,
    undone: (guests: string, name: string) => `Teke tilbake ${guests}: ${name}`,
    undo: "Angre",
    noName: "Utan namn",
    of: (admitted: string, tickets: string) => `${admitted} av ${tickets} inne`,
    allIn: "Alle inne",
    lookAt: "Sjekk",
    nobody: "Ingen har billett enno.",
    notFound: (typed: string) => `Ingen på lista passar med «${typed}».`,
    more: (rest: string) => `Vis ${rest} til`,
    look: "Sjå på dette",
    device: "Namnet på denne eininga",
    deviceHint: "Dei andre ved døra ser det når nokon er inne frå før.",
    settings: "Innstillingar",
  },
  nb: {
    title: "Døren",
    back: "Arrangement",
    insideOf: (inside: string, expected: string) => `${inside} av ${expected} inne`,
    synced: "På nett. Alt er sendt.",
    sending: (waiting: string) => `På nett. Sender ${waiting} …`,
    offline: "Uten nett. Alt er sendt.",
    waiting: (waiting: string) => `Uten nett. ${waiting} venter på å bli sendt.`,
    unknown: "Kobler til …",
    loggedOut: (waiting: string) => `Du er logget ut. ${waiting} venter på å bli sendt.`,
    logIn: "Logg inn og send",
    notKept: "Denne enheten kunne ikke lagre det. Ingen er registrert. Prøv igjen.",
    scan: "Skann billett",
    search: "Navn, kundenummer eller kode",
    done: (guests: string, name: string) => `${guests} inne: ${name}`,
    undone: (guests: string, name: string) => `Tatt tilbake ${guests}: ${name}`,
    undo: "Angre",
    noName: "Uten navn",
    of: (admitted: string, tickets: string) => `${admitted} av ${tickets} inne`,
    allIn: "Alle inne",
    lookAt: "Sjekk",
    nobody: "Ingen har billett ennå.",
    notFound: (typed: string) => `Ingen på listen passer med «${typed}».`,
    more: (rest: string) => `Vis ${rest} til`,
    look: "Se på dette",
    device: "Navnet på denne enheten",
    deviceHint: "De andre ved døren ser det når noen er inne fra før.",
    settings: "Innstillinger",
  },
  en: {
    title: "The door",
    back: "Event",
    insideOf: (inside: string, expected: string) => `${inside} of ${expected} in`,
    synced: "Online. Everything is sent.",
    sending: (waiting: string) => `Online. Sending ${waiting} …`,
    offline: "Offline. Everything is sent.",
    waiting: (waiting: string) => `Offline. ${waiting} waiting to be sent.`,
    unknown: "Connecting …",
    loggedOut: (waiting: string) => `You are logged out. ${waiting} waiting to be sent.`,
    logIn: "Log in and send",
    notKept: "This device could not keep it. Nobody is recorded. Try again.",
    scan: "Scan a ticket",
    search: "Name, customer number or code",
    done: (guests: string, name: string) => `${guests} in: ${name}`,
    undone: (guests: string, name: string) => `Taken back ${guests}: ${name}`,
    undo: "Undo",
    noName: "No name",
    of: (admitted: string, tickets: string) => `${admitted} of ${tickets} in`,
    allIn: "All in",
    lookAt: "Check",
    nobody: "Nobody has a ticket yet.",
    notFound: (typed: string) => `Nobody on the list matches “${typed}”.`,
    more: (rest: string) => `Show ${rest} more`,
    look: "Look at this",
    device: "The name of this device",
    deviceHint: "The others at the door see it when somebody is in already.",
    settings: "Settings",
  },
});

const EXCHANGES_EVERY_MS = 10_000;
const SHOWN_AT_ONCE = 50;

/** Whom staff have before them: a party, by its ticket or from the list, or a ticket that is on none. */
type Subject = { reservationId: string; ticket: string; code: string } | { unknown: string };

/** Where guests are let in. */
export function Desk({ door, onBack }: { door: Door; onBack?: () => void }) {
  const words = said(TEXTS);
  const list = door.list.value;
  useExchange(door);
  const isBack = door.link.value === "online";
  useEffect(() => {
    if (isBack) onBack?.();
  }, [isBack]);
  return (
    <Page
      title={words.title}
      back={{
        to: at(ROUTES.staffEvent, { event: door.event }),
        text: list?.title ?? words.back,
      }}
    >
      <Connection door={door} />
      {door.trouble.value !== null && (
        <Failed error={door.trouble.value} onRetry={() => void door.exchange()} />
      )}
      {list ? <Guests door={door} list={list} /> : door.trouble.value === null && <Loading />}
    </Page>
  );
}

/** Keeps in step with the others: when something happens, when the network is back, and now and then. */
function useExchange(door: Door): void {
  useQuery({
    queryKey: ["guests", door.event, "door"],
    queryFn: async () => {
      if (door.link.value !== "loggedOut") await door.exchange();
      return null;
    },
    staleTime: 0,
    refetchInterval: EXCHANGES_EVERY_MS,
    refetchIntervalInBackground: true,
  });
  useEffect(() => {
    const exchange = () => void door.exchange();
    const lose = () => {
      door.link.value = "offline";
    };
    addEventListener("online", exchange);
    addEventListener("offline", lose);
    // Asks the browser not to clear what waits when the disk is full.
    void navigator.storage?.persist?.();
    return () => {
      removeEventListener("online", exchange);
      removeEventListener("offline", lose);
    };
  }, [door]);
}

/** How many are in, and whether the others know. */
function Connection({ door }: { door: Door }) {
  const words = said(TEXTS);
  const list = door.list.value;
  const link = door.link.value;
  const waiting = door.taps.value.filter(waits).length;
  const says = () => {
    if (link === "loggedOut") return words.loggedOut(whole(waiting));
    if (link === "offline") return waiting > 0 ? words.waiting(whole(waiting)) : words.offline;
    if (link === "unknown") return words.unknown;
    return waiting > 0 ? words.sending(whole(waiting)) : words.synced;
  };
  const color = link === "online" ? "success" : link === "unknown" ? "neutral" : "warning";
  return (
    <div class="connection">
      {list && (
        <p class="inside number">
          {words.insideOf(whole(inside(list, door.taps.value)), whole(list.totalTickets))}
        </p>
      )}
      <div class="row" role="status">
        <span class="ds-tag" data-color={color}>
          {says()}
        </span>
        {link === "loggedOut" && (
          <Button variant="secondary" onClick={() => void door.exchange()}>
            {words.logIn}
          </Button>
        )}
      </div>
    </div>
  );
}

function Guests({ door, list }: { door: Door; list: GuestList }) {
  const words = said(TEXTS);
  const [subject, setSubject] = useState<Subject | null>(null);
  const [isScanning, setScanning] = useState(false);
  const [typed, setTyped] = useState("");
  const [last, setLast] = useState<Pick<Tap, "kind" | "guests" | "reservationId"> | null>(null);
  const [isLost, setLost] = useState(false);
  const taps = door.taps.value;
  const found = list.parties.filter((party) => isFoundBy(party, typed));
  const nameOf = (reservationId: string) => {
    const party = list.parties.find((each) => each.reservationId === reservationId);
    return (party && listed(party.name)) || words.noName;
  };

  async function show(shown: string): Promise<void> {
    const ticket = await ticketOf(list, shown);
    setLast(null);
    setSubject(
      ticket
        ? { reservationId: ticket.party.reservationId, ticket: shown.trim(), code: ticket.code }
        : { unknown: shown.trim() },
    );
  }

  async function look(): Promise<void> {
    const [only, ...others] = found;
    if (only && others.length === 0 && !(await ticketOf(list, typed))) {
      setLast(null);
      setSubject({ reservationId: only.reservationId, ticket: "", code: "" });
    } else if (found.length === 0 || (await ticketOf(list, typed))) {
      await show(typed);
    }
  }

  async function tap(what: Parameters<Door["tap"]>[0]): Promise<void> {
    try {
      await door.tap(what);
      setLast({ reservationId: "", ...what });
      setLost(false);
      setTyped("");
    } catch {
      setLost(true);
    }
    setSubject(null);
  }

  const odd = taps.filter(needsALook);
  const chosen =
    subject && "reservationId" in subject
      ? list.parties.find(({ reservationId }) => reservationId === subject.reservationId)
      : undefined;
  return (
    <>
      {isLost && (
        <Notice color="danger">
          <p>{words.notKept}</p>
        </Notice>
      )}
      {odd.length > 0 && (
        <section class="stack tight" aria-label={words.look}>
          {odd.map((each) => (
            <Odd key={each.nonce} tap={each} door={door} list={list} />
          ))}
        </section>
      )}
      <div role="status" class="door-told">
        {last !== null && odd.length === 0 && (
          <div class="ds-alert done" data-color={last.kind === "ADMIT" ? "success" : "info"}>
            <p>
              {(last.kind === "ADMIT" ? words.done : words.undone)(
                whole(last.guests),
                nameOf(last.reservationId),
              )}
            </p>
            {last.kind === "ADMIT" && last.reservationId && (
              <Button variant="secondary" onClick={() => void tap({ ...last, kind: "UNDO" })}>
                {words.undo}
              </Button>
            )}
          </div>
        )}
      </div>
      {isScanning ? (
        <Scanner
          isPaused={subject !== null}
          onCode={(shown) => void show(shown)}
          onClose={() => setScanning(false)}
        />
      ) : (
        <Button wide onClick={() => setScanning(true)}>
          {words.scan}
        </Button>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void look();
        }}
      >
        <TextField
          label={words.search}
          type="search"
          autocomplete="off"
          autocapitalize="off"
          enterkeyhint="go"
          value={typed}
          onText={setTyped}
        />
      </form>
      <Parties
        key={typed}
        door={door}
        list={{ ...list, parties: found }}
        typed={typed}
        onChoose={(reservationId) => {
          setLast(null);
          setSubject({ reservationId, ticket: "", code: "" });
        }}
      />
      <Settings />
      {subject && chosen && "reservationId" in subject && (
        <PartyDialog
          standing={standing(chosen, taps)}
          taps={taps}
          code={subject.code}
          onAdmit={(guests, isDecided) =>
            void tap({ ...subject, kind: "ADMIT", guests, isDecided })
          }
          onUndo={(guests) =>
            void tap({ reservationId: subject.reservationId, kind: "UNDO", guests })
          }
          onClose={() => setSubject(null)}
        />
      )}
      {subject && "unknown" in subject && (
        <UnknownDialog
          shown={subject.unknown}
          onAdmit={() =>
            void tap({ ticket: subject.unknown, kind: "ADMIT", guests: 1, isDecided: true })
          }
          onClose={() => setSubject(null)}
        />
      )}
    </>
  );
}

function Parties({
  door,
  list,
  typed,
  onChoose,
}: {
  door: Door;
  list: GuestList;
  typed: string;
  onChoose: (reservationId: string) => void;
}) {
  const words = said(TEXTS);
  const [shown, setShown] = useState(SHOWN_AT_ONCE);
  if (list.parties.length === 0) {
    return <p class="quiet">{typed ? words.notFound(typed) : words.nobody}</p>;
  }
  return (
    <>
      <ul class="parties">
        {list.parties.slice(0, shown).map((party) => {
          const { admitted } = standing(party, door.taps.value);
          const areAllIn = admitted === party.tickets;
          return (
            <li key={party.reservationId}>
              <button type="button" class="party" onClick={() => onChoose(party.reservationId)}>
                <span>
                  <strong>{listed(party.name) || words.noName}</strong>
                  <span class="quiet number">{party.customerNumber}</span>
                </span>
                <span class="row">
                  {party.conflict && (
                    <span class="ds-tag" data-color="danger">
                      {words.lookAt}
                    </span>
                  )}
                  <span class="ds-tag number" data-color={areAllIn ? "success" : "neutral"}>
                    {areAllIn ? words.allIn : words.of(whole(admitted), whole(party.tickets))}
                  </span>
                </span>
              </button>
            </li>
          );
        })}
      </ul>
      {list.parties.length > shown && (
        <Button variant="secondary" wide onClick={() => setShown(shown + SHOWN_AT_ONCE)}>
          {words.more(whole(Math.min(SHOWN_AT_ONCE, list.parties.length - shown)))}
        </Button>
      )}
    </>
  );
}

function Settings() {
  const words = said(TEXTS);
  const [name, setName] = useState(device);
  return (
    <details class="ds-card ds-details">
      <summary>{words.settings}</summary>
      <div>
        <TextField
          label={words.device}
          hint={words.deviceHint}
          maxLength={64}
          value={name}
          onText={(typed) => {
            setName(typed);
            if (typed.trim() !== "") nameDevice(typed.trim());
          }}
        />
      </div>
    </details>
  );
}
