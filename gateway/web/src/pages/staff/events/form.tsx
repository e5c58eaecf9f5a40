import { useState } from "preact/hooks";
import { said, texts } from "../../../texts/language";
import { Button } from "../../../ui/button";
import { Failed } from "../../../ui/failed";
import { Choice, TextArea, TextField } from "../../../ui/field";
import { sorted } from "../../../ui/form";
import { Notice } from "../../../ui/notice";
import { MomentField } from "../moment-field";
import type { Event } from "../queries";
import { EMPTY, type Mode, TIMES, type Typed, typedOf } from "./typed";

const TEXTS = texts({
  nn: {
    what: "Kva og kvar",
    title: "Tittel",
    text: "Omtale",
    textHint: "Kva gjestene får, og kva dei treng å vite. Høgst 4000 teikn.",
    venue: "Stad",
    when: "Tider",
    zone: "Norsk tid. Det du lèt stå tomt, set vi sjølve slik det står ved feltet.",
    startsAt: "Startar",
    salesOpenAt: "Reservasjon frå",
    salesOpenHint: "Tomt: så snart arrangementet er publisert.",
    salesCloseAt: "Reservasjon til",
    salesCloseHint: "Tomt: til start.",
    waitingListClosesAt: "Venteliste til",
    waitingListHint: "Tomt: til seks timar før start.",
    seats: "Plassar",
    capacity: "Kor mange plassar",
    maxPerCustomer: "Høgst per kunde",
    mode: "Korleis billettane blir delte ut",
    FIRST_COME: "Først til mølla",
    BALLOT: "Lodding",
    ballotHint:
      "Alle som melder seg på før fristen, er med i trekninga. Resten går til dei som kjem først.",
    ballotClosesAt: "Påmeldinga til loddinga stengjer",
    mend: "Rett felta som er merkte, og prøv igjen.",
  },
  nb: {
    what: "Hva og hvor",
    title: "Tittel",
    text: "Omtale",
    textHint: "Hva gjestene får, og hva de trenger å vite. Høyst 4000 tegn.",
    venue: "Sted",
    when: "Tider",
    zone: "Norsk tid. Det du lar stå tomt, setter vi selv slik det står ved feltet.",
    startsAt: "Starter",
    salesOpenAt: "Reservasjon fra",
    salesOpenHint: "Tomt: så snart arrangementet er publisert.",
    salesCloseAt: "Reservasjon til",
    salesCloseHint: "Tomt: til start.",
    waitingListClosesAt: "Venteliste til",
    waitingListHint: "Tomt: til seks timer før start.",
    seats: "Plasser",
    capacity: "Hvor mange plasser",
    maxPerCustomer: "Høyst per kunde",
    mode: "Hvordan billettene deles ut",
    FIRST_COME: "Først til mølla",
    BALLOT: "Loddtrekning",
    ballotHint:
      "Alle som melder seg på før fristen, er med i trekningen. Resten går til dem som kommer først.",
    ballotClosesAt: "Påmeldingen til loddtrekningen stenger",
    mend: "Rett feltene som er merket, og prøv igjen.",
  },
  en: {
    what: "What and where",
    title: "Title",
    text: "Description",
    textHint: "What guests get, and what they need to know. At most 4000 characters.",
    venue: "Venue",
    when: "Times",
    zone: "Norwegian time. What you leave empty, we set as it says at the field.",
    startsAt: "Starts",
    salesOpenAt: "Reservations from",
    salesOpenHint: "Empty: as soon as the event is published.",
    salesCloseAt: "Reservations until",
    salesCloseHint: "Empty: until the start.",
    waitingListClosesAt: "Waiting list until",
    waitingListHint: "Empty: until six hours before the start.",
    seats: "Seats",
    capacity: "How many seats",
    maxPerCustomer: "At most per customer",
    mode: "How tickets are given out",
    FIRST_COME: "First come, first served",
    BALLOT: "Ballot",
    ballotHint: "Everyone who registers in time is in the draw. What is left goes by arrival.",
    ballotClosesAt: "Registration for the ballot closes",
    mend: "Mend the fields that are marked, and try again.",
  },
});

const FIELDS: Record<Exclude<keyof Typed, "mode">, readonly string[]> = {
  title: [],
  text: [],
  venue: [],
  startsAt: [],
  salesOpenAt: [],
  salesCloseAt: [],
  waitingListClosesAt: [],
  ballotClosesAt: [],
  capacity: [],
  maxPerCustomer: [],
};

/** The form of an event, new or known. */
export function EventForm({
  known,
  submit,
  busy,
  error,
  onSubmit,
}: {
  known?: Event;
  submit: string;
  busy: boolean;
  error: unknown;
  onSubmit: (typed: Typed) => void;
}) {
  const words = said(TEXTS);
  const [typed, setTyped] = useState(known ? typedOf(known) : EMPTY);
  const change = (changed: Partial<Typed>) => setTyped((before) => ({ ...before, ...changed }));
  const labels = Object.fromEntries(TIMES.map((time) => [time, words[time]]));
  const wrong = sorted(error, FIELDS, labels);
  const moment = (name: "startsAt" | "salesOpenAt" | "salesCloseAt" | "waitingListClosesAt") => ({
    label: words[name],
    local: typed[name],
    problem: wrong.at[name],
    onLocal: (local: string) => change({ [name]: local }),
  });
  return (
    <form
      class="stack staff-form"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(typed);
      }}
    >
      <section class="ds-card stack">
        <h2 class="ds-heading" data-size="xs">
          {words.what}
        </h2>
        <TextField
          label={words.title}
          required
          maxLength={120}
          value={typed.title}
          onText={(title) => change({ title })}
          problem={wrong.at.title}
        />
        <TextField
          label={words.venue}
          required
          maxLength={200}
          value={typed.venue}
          onText={(venue) => change({ venue })}
          problem={wrong.at.venue}
        />
        <TextArea
          label={words.text}
          hint={words.textHint}
          rows={6}
          maxLength={4000}
          value={typed.text}
          onText={(text) => change({ text })}
          problem={wrong.at.text}
        />
      </section>
      <section class="ds-card stack">
        <h2 class="ds-heading" data-size="xs">
          {words.when}
        </h2>
        <p class="quiet">{words.zone}</p>
        <div class="pairs">
          <MomentField {...moment("startsAt")} required />
          <MomentField {...moment("salesOpenAt")} hint={words.salesOpenHint} />
          <MomentField {...moment("salesCloseAt")} hint={words.salesCloseHint} />
          <MomentField {...moment("waitingListClosesAt")} hint={words.waitingListHint} />
        </div>
      </section>
      <section class="ds-card stack">
        <h2 class="ds-heading" data-size="xs">
          {words.seats}
        </h2>
        <div class="pairs">
          <TextField
            label={words.capacity}
            type="number"
            min={0}
            max={100_000}
            required
            value={typed.capacity}
            onText={(capacity) => change({ capacity })}
            problem={wrong.at.capacity}
          />
          <TextField
            label={words.maxPerCustomer}
            type="number"
            min={1}
            max={50}
            required
            value={typed.maxPerCustomer}
            onText={(maxPerCustomer) => change({ maxPerCustomer })}
            problem={wrong.at.maxPerCustomer}
          />
        </div>
        {!known && (
          <div class="stack tight">
            <span class="ds-label" aria-hidden="true">
              {words.mode}
            </span>
            <Choice<Mode>
              label={words.mode}
              options={[
                ["FIRST_COME", words.FIRST_COME],
                ["BALLOT", words.BALLOT],
              ]}
              chosen={typed.mode}
              onChoose={(mode) => change({ mode })}
            />
          </div>
        )}
        {typed.mode === "BALLOT" && (
          <MomentField
            label={words.ballotClosesAt}
            hint={words.ballotHint}
            required
            local={typed.ballotClosesAt}
            problem={wrong.at.ballotClosesAt}
            onLocal={(ballotClosesAt) => change({ ballotClosesAt })}
          />
        )}
      </section>
      {wrong.rest !== null && <Failed error={wrong.rest} />}
      {error !== null && wrong.rest === null && <Notice color="danger">{words.mend}</Notice>}
      <div class="row">
        <Button type="submit" busy={busy}>
          {submit}
        </Button>
      </div>
    </form>
  );
}
