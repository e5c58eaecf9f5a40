import { useEffect, useState } from "preact/hooks";
import { answerOf, api } from "../../api/client";
import { queries } from "../../api/queries";
import { dateAndTime, duration } from "../../format";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Failed } from "../../ui/failed";
import { useNow } from "../../ui/now";
import { Stepper } from "../../ui/stepper";
import { type Entry, isOpen, moment, type Offer, takeEntry, takeReservation } from "./queries";
import { Rejoin } from "./waiting";
import { tickets } from "./words";

const TEXTS = texts({
  nn: {
    offer: (what: string) => `Du har fått tilbod om ${what}`,
    answer: "Svar innan",
    left: (time: string) => `${time} igjen`,
    howMany: "Kor mange vil du ha?",
    restGoesOn: "Resten går til neste i køen.",
    keepPlace: (what: string) => `Bli ståande i køen for ${what} til`,
    accept: (what: string) => `Ta imot ${what}`,
    decline: "Nei takk",
    declineTitle: "Seie nei til billettane?",
    declineText: "Dei går til neste i køen, og du står ikkje lenger på ventelista.",
    declineSure: "Ja, sei nei",
    back: "Avbryt",
  },
  nb: {
    offer: (what: string) => `Du har fått tilbud om ${what}`,
    answer: "Svar innen",
    left: (time: string) => `${time} igjen`,
    howMany: "Hvor mange vil du ha?",
    restGoesOn: "Resten går til neste i køen.",
    keepPlace: (what: string) => `Bli stående i køen for ${what} til`,
    accept: (what: string) => `Ta imot ${what}`,
    decline: "Nei takk",
    declineTitle: "Si nei til billettene?",
    declineText: "De går til neste i køen, og du står ikke lenger på ventelisten.",
    declineSure: "Ja, si nei",
    back: "Avbryt",
  },
  en: {
    offer: (what: string) => `You are offered ${what}`,
    answer: "Answer by",
    left: (time: string) => `${time} left`,
    howMany: "How many do you want?",
    restGoesOn: "The rest goes to the next in line.",
    keepPlace: (what: string) => `Stay in line for ${what} more`,
    accept: (what: string) => `Accept ${what}`,
    decline: "No thanks",
    declineTitle: "Decline the tickets?",
    declineText: "They go to the next in line, and you are no longer on the waiting list.",
    declineSure: "Yes, decline",
    back: "Cancel",
  },
});

/** An offer and its answer, while it is open; how to get back in line when it is over. */
export function OfferCard({ entry, title }: { entry: Entry; title?: string }) {
  const now = useNow();
  const isOver = !isOpen(entry, now);
  // The service ends it about a second later.
  useEffect(() => {
    if (isOver) void queries.invalidateQueries({ queryKey: ["waitlist"] });
  }, [isOver]);
  return isOpen(entry, now) ? (
    <Answer key={entry.offer.id} entry={entry} title={title} now={now} />
  ) : (
    <Rejoin entry={entry} title={title} />
  );
}

function Answer({
  entry,
  title,
  now,
}: {
  entry: Entry & { offer: Offer };
  title: string | undefined;
  now: number;
}) {
  const words = said(TEXTS);
  const { offer } = entry;
  const [quantity, setQuantity] = useState(offer.tickets);
  const [keepWaiting, setKeepWaiting] = useState(true);
  const [isDeclining, setDeclining] = useState(false);
  const rest = entry.wanted - offer.tickets;
  const path = { entry_id: entry.id };

  const accept = useAction(async (body: { quantity: number; keepWaiting: boolean }, headers) => {
    const params = { path, header: headers };
    const answer = await answerOf(
      api.POST("/v1/waitlistEntries/{entry_id}:accept", { params, body }),
    );
    if (answer.waitlistEntry) takeEntry(answer.waitlistEntry);
    if (answer.reservation) takeReservation(answer.reservation);
  });
  const decline = useAction(async (_: undefined, headers) => {
    const params = { path, header: headers };
    takeEntry(await answerOf(api.POST("/v1/waitlistEntries/{entry_id}:decline", { params })));
  });

  async function run(answer: Promise<boolean>) {
    // Whatever was refused is to be seen as it is: the offer may be over, or be another one.
    if (!(await answer)) void queries.invalidateQueries({ queryKey: ["waitlist"] });
  }

  return (
    <section class="ds-card stack panel offer" data-color="sun" data-variant="tinted">
      <div>
        <h2 class="ds-heading" data-size="xs">
          {words.offer(tickets(offer.tickets))}
        </h2>
        {title && <p>{title}</p>}
      </div>
      <p class="deadline">
        <span>
          {words.answer} <strong>{dateAndTime(moment(offer.expiresAt))}</strong>
        </span>
        <span class="ds-tag number countdown" role="timer">
          {words.left(duration((moment(offer.expiresAt) - now) / 1000))}
        </span>
      </p>
      {offer.tickets > 1 && (
        <Stepper
          label={words.howMany}
          hint={quantity < offer.tickets && words.restGoesOn}
          value={quantity}
          max={offer.tickets}
          onChange={setQuantity}
        />
      )}
      {rest > 0 && (
        <label class="tick">
          <input
            type="checkbox"
            class="ds-input"
            checked={keepWaiting}
            onChange={(event) => setKeepWaiting(event.currentTarget.checked)}
          />
          <span>{words.keepPlace(tickets(rest))}</span>
        </label>
      )}
      {accept.error !== null && <Failed error={accept.error} />}
      <div class="row">
        <Button
          busy={accept.busy}
          onClick={() => void run(accept.run({ quantity, keepWaiting: keepWaiting && rest > 0 }))}
        >
          {words.accept(tickets(quantity))}
        </Button>
        <Button variant="secondary" onClick={() => setDeclining(true)}>
          {words.decline}
        </Button>
      </div>
      {isDeclining && (
        <Dialog title={words.declineTitle} onClose={() => setDeclining(false)}>
          <p>{words.declineText}</p>
          {decline.error !== null && <Failed error={decline.error} />}
          <div class="row">
            <Button
              color="danger"
              busy={decline.busy}
              onClick={() => void run(decline.run(undefined))}
            >
              {words.declineSure}
            </Button>
            <Button variant="secondary" onClick={() => setDeclining(false)}>
              {words.back}
            </Button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
