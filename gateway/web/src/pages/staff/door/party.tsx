import { useState } from "preact/hooks";
import { time, whole } from "../../../format";
import { said, texts } from "../../../texts/language";
import { Button } from "../../../ui/button";
import { Dialog } from "../../../ui/dialog";
import { Notice } from "../../../ui/notice";
import { Stepper } from "../../../ui/stepper";
import { listed } from "../guests/people";
import { objection, type Standing, type Tap } from "./log";

const TEXTS = texts({
  nn: {
    noName: "Utan namn",
    tickets: "Billettar",
    admitted: "Inne",
    remaining: "Att",
    last: (when: string, device: string) => `Sist kl. ${when}, ved ${device}`,
    objections: {
      "given back": "Alle billettane er gitt tilbake.",
      "shown before": "Denne billetten er vist før.",
      "too many": "Fleire ville vere inne enn det er billettar til.",
    },
    allIn: "Alle er inne frå før.",
    usedInApp: (count: string) => `${count} merkte som brukte i appen av kunden sjølv`,
    howMany: "Kor mange slepp inn",
    admit: (guests: string) => `Slepp inn ${guests}`,
    override: (guests: string) => `Slepp inn ${guests} likevel`,
    undoing: "Angre innslepp",
    undoHowMany: "Kor mange blir tekne tilbake",
    undo: (guests: string) => `Ta tilbake ${guests}`,
    close: "Lukk",
    here: "På denne eininga",
    in: (guests: string) => `${guests} inn`,
    out: (guests: string) => `${guests} teke tilbake`,
    refused: "ikkje registrert",
  },
  nb: {
    noName: "Uten navn",
    tickets: "Billetter",
    admitted: "Inne",
    remaining: "Igjen",
    last: (when: string, device: string) => `Sist kl. ${when}, ved ${device}`,
    objections: {
      "given back": "Alle billettene er gitt tilbake.",
      "shown before": "Denne billetten er vist før.",
      "too many": "Flere ville være inne enn det er billetter til.",
    },
    allIn: "Alle er inne fra før.",
    usedInApp: (count: string) => `${count} merket som brukt i appen av kunden selv`,
    howMany: "Hvor mange slippes inn",
    admit: (guests: string) => `Slipp inn ${guests}`,
    override: (guests: string) => `Slipp inn ${guests} likevel`,
    undoing: "Angre innslipp",
    undoHowMany: "Hvor mange tas tilbake",
    undo: (guests: string) => `Ta tilbake ${guests}`,
    close: "Lukk",
    here: "På denne enheten",
    in: (guests: string) => `${guests} inn`,
    out: (guests: string) => `${guests} tatt tilbake`,
    refused: "ikke registrert",
  },
  en: {
    noName: "No name",
    tickets: "Tickets",
    admitted: "In",
    remaining: "To come",
    last: (when: string, device: string) => `Last at ${when}, by ${device}`,
    objections: {
      "given back": "All tickets were given back.",
      "shown before": "This ticket was shown before.",
      "too many": "More would be in than there are tickets for.",
    },
    allIn: "All are in already.",
    usedInApp: (count: string) => `${count} marked as used in the app by the customer`,
    howMany: "How many are let in",
    admit: (guests: string) => `Let in ${guests}`,
    override: (guests: string) => `Let in ${guests} all the same`,
    undoing: "Undo an admission",
    undoHowMany: "How many are taken back",
    undo: (guests: string) => `Take back ${guests}`,
    close: "Close",
    here: "On this device",
    in: (guests: string) => `${guests} in`,
    out: (guests: string) => `${guests} taken back`,
    refused: "not recorded",
  },
});

const MOST = 100;

/** A party at the door: who they are, how many are in, and letting the others in. */
export function PartyDialog({
  standing,
  taps,
  code,
  onAdmit,
  onUndo,
  onClose,
}: {
  standing: Standing;
  taps: readonly Tap[];
  /** Of the ticket that was shown; empty if the party was chosen from the list. */
  code: string;
  onAdmit: (guests: number, isDecided: boolean) => void;
  onUndo: (guests: number) => void;
  onClose: () => void;
}) {
  const words = said(TEXTS);
  const { party, admitted, remaining, lastAt, lastDevice } = standing;
  const own = taps.filter((tap) => tap.reservationId === party.reservationId);
  const lastIn = own.filter(({ kind }) => kind === "ADMIT").at(-1);
  const [guests, setGuests] = useState(Math.max(remaining, 1));
  const [back, setBack] = useState(Math.max(1, Math.min(lastIn?.guests ?? admitted, admitted)));
  const against = objection(standing, code, guests, taps);
  return (
    <Dialog title={listed(party.name) || words.noName} onClose={onClose}>
      <p class="number">
        {party.customerNumber}
        {code && <> · {code}</>}
      </p>
      <dl class="numbers-of-event few">
        <div>
          <dt>{words.tickets}</dt>
          <dd class="number">{whole(party.tickets)}</dd>
        </div>
        <div>
          <dt>{words.admitted}</dt>
          <dd class="number">{whole(admitted)}</dd>
        </div>
        <div>
          <dt>{words.remaining}</dt>
          <dd class="number">{whole(remaining)}</dd>
        </div>
      </dl>
      {against !== null && (
        <Notice color="warning">
          <p>
            <strong>
              {against === "too many" && remaining === 0 ? words.allIn : words.objections[against]}
            </strong>
          </p>
          {lastAt && <p>{words.last(time(lastAt), lastDevice)}</p>}
        </Notice>
      )}
      {against === null && lastAt && admitted > 0 && (
        <p class="quiet">{words.last(time(lastAt), lastDevice)}</p>
      )}
      {party.usedInApp > 0 && <p class="quiet">{words.usedInApp(whole(party.usedInApp))}</p>}
      <Stepper label={words.howMany} value={guests} min={1} max={MOST} onChange={setGuests} />
      <div class="stack tight">
        <Button
          wide
          color={against === null ? "accent" : "danger"}
          onClick={() => onAdmit(guests, against !== null)}
        >
          {(against === null ? words.admit : words.override)(whole(guests))}
        </Button>
        <Button wide variant="tertiary" onClick={onClose}>
          {words.close}
        </Button>
      </div>
      {admitted > 0 && (
        <details class="ds-details" data-variant="tinted">
          <summary>{words.undoing}</summary>
          <div class="stack">
            <Stepper
              label={words.undoHowMany}
              value={back}
              min={1}
              max={admitted}
              onChange={setBack}
            />
            <Button wide variant="secondary" onClick={() => onUndo(back)}>
              {words.undo(whole(back))}
            </Button>
          </div>
        </details>
      )}
      {own.length > 0 && (
        <div>
          <h3 class="ds-label">{words.here}</h3>
          <ol class="plain number">
            {own.map((tap) => (
              <li key={tap.nonce}>
                {time(tap.happenedAt)}{" "}
                {(tap.kind === "ADMIT" ? words.in : words.out)(whole(tap.guests))}
                {tap.outcome === "REFUSED" && <span class="quiet"> ({words.refused})</span>}
              </li>
            ))}
          </ol>
        </div>
      )}
    </Dialog>
  );
}
