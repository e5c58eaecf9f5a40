import { useState } from "preact/hooks";
import { answerOf, api, attempt } from "../../api/client";
import { dateAndTime } from "../../format";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Failed } from "../../ui/failed";
import { Notice } from "../../ui/notice";
import { Stepper } from "../../ui/stepper";
import { type For, useFor } from "./customer";
import { useFreshHeading } from "./fresh";
import { type Entry, type Event, moment, takeEntry, takeReservation } from "./queries";
import { placeInLine, tickets } from "./words";

const TEXTS = texts({
  nn: {
    howMany: "Kor mange vil du ha?",
    least: "Minste tal du tek imot",
    leastAll: "Du får tilbod berre når det er plass til alle.",
    leastSome: (n: number) =>
      `Du kan få tilbod alt når ${n === 1 ? "1 billett blir ledig" : `${n} billettar blir ledige`}. Det går som regel fortare.`,
    join: "Set meg på ventelista",
    register: "Meld meg på trekkinga",
    expired: "Tilbodet har gått ut",
    expiredText: (what: string) =>
      `Du svara ikkje i tide, så billettane gjekk til neste i køen. Vil du, set eitt trykk deg bakarst på ventelista att, for ${what}.`,
    rejoin: "Set meg på ventelista att",
    waiting: "Du står på ventelista",
    registered: "Du er med i trekkinga",
    wants: (what: string) => `Du ventar på ${what}.`,
    draws: (what: string, when: string) =>
      `Du er med i trekkinga om ${what}. Påmeldinga stengjer ${when}, og du får svar rett etter.`,
    notDrawn:
      "Det var færre billettar enn påmelde, og trekkinga rakk ikkje til deg. Køen står i den rekkjefølgja som vart trekt.",
    takesLess: (n: number) => `Blir det ledig færre, får du tilbod så snart det er plass til ${n}.`,
    pooled: (what: string) => `Vi har sett av ${what} til deg, og ventar på resten.`,
    told: "Vi seier frå på e-post når det blir din tur. Tilbodet står også her.",
    change: "Endre talet",
    toTail: "Ber du om fleire, hamnar du bakarst i køen.",
    save: "Lagre",
    back: "Avbryt",
    leave: "Gå ut av køen",
    withdraw: "Meld meg av",
    leaveTitle: "Gå ut av køen?",
    leaveText: "Du mistar plassen din. Du kan setje deg på att seinare, men då bakarst.",
    withdrawTitle: "Melde deg av trekkinga?",
    withdrawText: "Du kan melde deg på att så lenge påmeldinga er open.",
    leaveSure: "Ja, gå ut",
    withdrawSure: "Ja, meld meg av",
  },
  nb: {
    howMany: "Hvor mange vil du ha?",
    least: "Minste antall du tar imot",
    leastAll: "Du får tilbud bare når det er plass til alle.",
    leastSome: (n: number) =>
      `Du kan få tilbud allerede når ${n === 1 ? "1 billett blir ledig" : `${n} billetter blir ledige`}. Det går som regel fortere.`,
    join: "Sett meg på ventelisten",
    register: "Meld meg på trekningen",
    expired: "Tilbudet har gått ut",
    expiredText: (what: string) =>
      `Du svarte ikke i tide, så billettene gikk til neste i køen. Vil du, setter ett trykk deg bakerst på ventelisten igjen, for ${what}.`,
    rejoin: "Sett meg på ventelisten igjen",
    waiting: "Du står på ventelisten",
    registered: "Du er med i trekningen",
    wants: (what: string) => `Du venter på ${what}.`,
    draws: (what: string, when: string) =>
      `Du er med i trekningen om ${what}. Påmeldingen stenger ${when}, og du får svar rett etter.`,
    notDrawn:
      "Det var færre billetter enn påmeldte, og trekningen rakk ikke til deg. Køen står i den rekkefølgen som ble trukket.",
    takesLess: (n: number) => `Blir det ledig færre, får du tilbud så snart det er plass til ${n}.`,
    pooled: (what: string) => `Vi har satt av ${what} til deg, og venter på resten.`,
    told: "Vi sier fra på e-post når det blir din tur. Tilbudet står også her.",
    change: "Endre antallet",
    toTail: "Ber du om flere, havner du bakerst i køen.",
    save: "Lagre",
    back: "Avbryt",
    leave: "Gå ut av køen",
    withdraw: "Meld meg av",
    leaveTitle: "Gå ut av køen?",
    leaveText: "Du mister plassen din. Du kan sette deg på igjen senere, men da bakerst.",
    withdrawTitle: "Melde deg av trekningen?",
    withdrawText: "Du kan melde deg på igjen så lenge påmeldingen er åpen.",
    leaveSure: "Ja, gå ut",
    withdrawSure: "Ja, meld meg av",
  },
  en: {
    howMany: "How many do you want?",
    least: "The least you accept",
    leastAll: "You get an offer only when there is room for all of you.",
    leastSome: (n: number) =>
      `You can get an offer as soon as ${n === 1 ? "1 ticket is" : `${n} tickets are`} free. That is usually sooner.`,
    join: "Put me on the waiting list",
    register: "Register me for the ballot",
    expired: "The offer has expired",
    expiredText: (what: string) =>
      `You did not answer in time, so the tickets went to the next in line. If you like, one tap puts you at the back of the waiting list again, for ${what}.`,
    rejoin: "Put me on the waiting list again",
    waiting: "You are on the waiting list",
    registered: "You are in the ballot",
    wants: (what: string) => `You are waiting for ${what}.`,
    draws: (what: string, when: string) =>
      `You are in the ballot for ${what}. Registration closes ${when}, and you are told right after.`,
    notDrawn:
      "There were fewer tickets than people wanted, and the draw did not reach you. The line stands in the order that was drawn.",
    takesLess: (n: number) => `If fewer are free, you get an offer once there is room for ${n}.`,
    pooled: (what: string) => `We have put ${what} aside for you, and are waiting for the rest.`,
    told: "We tell you by e-mail when it is your turn. The offer is shown here as well.",
    change: "Change the number",
    toTail: "If you ask for more, you go to the back of the line.",
    save: "Save",
    back: "Cancel",
    leave: "Leave the line",
    withdraw: "Withdraw",
    leaveTitle: "Leave the line?",
    leaveText: "You lose your place. You can join again later, but at the back.",
    withdrawTitle: "Withdraw from the ballot?",
    withdrawText: "You can register again for as long as registration is open.",
    leaveSure: "Yes, leave",
    withdrawSure: "Yes, withdraw",
  },
});

type Numbers = { wanted: number; least: number };

/** Joins a waiting list, or registers for a ballot. */
async function join(eventId: string, body: Numbers & For, header: ReturnType<typeof attempt>) {
  const params = { path: { event_id: eventId }, header };
  return answerOf(api.POST("/v1/events/{event_id}/waitlistEntries", { params, body }));
}

/**
 * Joins for more tickets than one has: those that are free come as an offer at once, and who asked
 * for just that many has accepted it by asking.
 */
export async function askForMore(
  eventId: string,
  body: Numbers & For,
  header: ReturnType<typeof attempt>,
): Promise<void> {
  const entry = await join(eventId, body, header);
  takeEntry(entry);
  if (entry.offer?.tickets !== body.wanted) return;
  const params = { path: { entry_id: entry.id }, header: attempt() };
  const { reservation, waitlistEntry } = await answerOf(
    api.POST("/v1/waitlistEntries/{entry_id}:accept", { params, body: {} }),
  );
  if (waitlistEntry) takeEntry(waitlistEntry);
  if (reservation) takeReservation(reservation);
}

/** Asks how many are wanted, and how few will do. */
function Wish({
  wish,
  most,
  onChange,
}: {
  wish: Numbers;
  most: number;
  onChange: (wish: Numbers) => void;
}) {
  const words = said(TEXTS);
  return (
    <>
      <Stepper
        label={words.howMany}
        value={wish.wanted}
        max={most}
        onChange={(wanted) =>
          // All or none, unless somebody has said that fewer will do.
          onChange({
            wanted,
            least: wish.least === wish.wanted ? wanted : Math.min(wish.least, wanted),
          })
        }
      />
      {wish.wanted > 1 && (
        <Stepper
          label={words.least}
          hint={wish.least === wish.wanted ? words.leastAll : words.leastSome(wish.least)}
          value={wish.least}
          max={wish.wanted}
          onChange={(least) => onChange({ ...wish, least })}
        />
      )}
    </>
  );
}

/** Lets somebody wait for an event, or register for its ballot. */
export function JoinForm({
  event,
  isBallot = false,
  most,
  first,
  customer,
}: {
  event: Event;
  isBallot?: boolean;
  most: number;
  first: number;
  customer: For;
}) {
  const words = said(TEXTS);
  const [wish, setWish] = useState({ wanted: Math.min(first, most), least: Math.min(first, most) });
  const joining = useAction(async (body: Numbers & For, headers) =>
    takeEntry(await join(event.id, body, headers)),
  );
  return (
    <div class="stack">
      <Wish wish={wish} most={most} onChange={setWish} />
      {joining.error !== null && <Failed error={joining.error} />}
      <Button busy={joining.busy} onClick={() => void joining.run({ ...wish, ...customer })}>
        {isBallot ? words.register : words.join}
      </Button>
    </div>
  );
}

/** Says that an offer was not answered in time; one tap leads back to the line. */
export function Rejoin({ entry, title }: { entry: Entry; title?: string | undefined }) {
  const words = said(TEXTS);
  const customer = useFor(entry.customerId);
  const rejoining = useAction(async (body: Numbers & For, headers) =>
    takeEntry(await join(entry.eventId, body, headers)),
  );
  const { wanted, least } = entry;
  return (
    <section class="ds-card stack panel" role="status">
      <div>
        <h2 class="ds-heading" data-size="xs">
          {words.expired}
        </h2>
        {title && <p>{title}</p>}
      </div>
      <p>{words.expiredText(tickets(wanted))}</p>
      {rejoining.error !== null && <Failed error={rejoining.error} />}
      <div class="row">
        <Button
          busy={rejoining.busy}
          onClick={() => void rejoining.run({ wanted, least, ...customer })}
        >
          {words.rejoin}
        </Button>
      </div>
    </section>
  );
}

/** Where somebody is in line, or in a ballot, and what they can do about it. */
export function WaitingCard({ entry, event, most }: { entry: Entry; event: Event; most: number }) {
  const words = said(TEXTS);
  const [open, setOpen] = useState<"change" | "leave" | null>(null);
  const isBallot = event.ballot !== null && event.ballot.drawnAt === null;
  const wasNotDrawn = moment(entry.joinedAt) < moment(event.ballot?.drawnAt ?? null);
  const heading = useFreshHeading(moment(entry.joinedAt));
  return (
    <section class="ds-card stack panel">
      <h2 ref={heading} tabIndex={-1} class="ds-heading" data-size="xs">
        {isBallot ? words.registered : words.waiting}
      </h2>
      {entry.partiesAhead !== null && !isBallot && (
        <p class="place" role="status">
          {placeInLine(entry.partiesAhead)}
        </p>
      )}
      {wasNotDrawn && <p>{words.notDrawn}</p>}
      <p>
        {isBallot
          ? words.draws(tickets(entry.wanted), dateAndTime(moment(event.ballot?.closesAt ?? null)))
          : words.wants(tickets(entry.wanted))}{" "}
        {entry.least < entry.wanted && words.takesLess(entry.least)}
      </p>
      {entry.pooledSeats > 0 && <p>{words.pooled(tickets(entry.pooledSeats))}</p>}
      <p class="quiet">{words.told}</p>
      {open === "change" ? (
        <ChangeForm entry={entry} most={most} isBallot={isBallot} onDone={() => setOpen(null)} />
      ) : (
        <div class="row">
          <Button variant="secondary" onClick={() => setOpen("change")}>
            {words.change}
          </Button>
          <Button variant="secondary" color="danger" onClick={() => setOpen("leave")}>
            {isBallot ? words.withdraw : words.leave}
          </Button>
        </div>
      )}
      {open === "leave" && (
        <LeaveDialog entry={entry} isBallot={isBallot} onDone={() => setOpen(null)} />
      )}
    </section>
  );
}

function ChangeForm({
  entry,
  most,
  isBallot,
  onDone,
}: {
  entry: Entry;
  most: number;
  isBallot: boolean;
  onDone: () => void;
}) {
  const words = said(TEXTS);
  const [wish, setWish] = useState<Numbers>({ wanted: entry.wanted, least: entry.least });
  const change = useAction(async (body: Numbers, headers) => {
    const params = { path: { entry_id: entry.id }, header: headers };
    takeEntry(await answerOf(api.PATCH("/v1/waitlistEntries/{entry_id}", { params, body })));
  });
  return (
    <div class="stack">
      <Wish wish={wish} most={most} onChange={setWish} />
      {!isBallot && wish.wanted > entry.wanted && <Notice color="warning">{words.toTail}</Notice>}
      {change.error !== null && <Failed error={change.error} />}
      <div class="row">
        <Button
          busy={change.busy}
          onClick={() => void change.run(wish).then((isDone) => isDone && onDone())}
        >
          {words.save}
        </Button>
        <Button variant="secondary" onClick={onDone}>
          {words.back}
        </Button>
      </div>
    </div>
  );
}

function LeaveDialog({
  entry,
  isBallot,
  onDone,
}: {
  entry: Entry;
  isBallot: boolean;
  onDone: () => void;
}) {
  const words = said(TEXTS);
  const leave = useAction(async (_: undefined, headers) => {
    const params = { path: { entry_id: entry.id }, header: headers };
    takeEntry(await answerOf(api.DELETE("/v1/waitlistEntries/{entry_id}", { params })));
  });
  return (
    <Dialog title={isBallot ? words.withdrawTitle : words.leaveTitle} onClose={onDone}>
      <p>{isBallot ? words.withdrawText : words.leaveText}</p>
      {leave.error !== null && <Failed error={leave.error} />}
      <div class="row">
        <Button color="danger" busy={leave.busy} onClick={() => void leave.run(undefined)}>
          {isBallot ? words.withdrawSure : words.leaveSure}
        </Button>
        <Button variant="secondary" onClick={onDone}>
          {words.back}
        </Button>
      </div>
    </Dialog>
  );
}
