import { time, whole } from "../../../format";
import { said, texts } from "../../../texts/language";
import { Button } from "../../../ui/button";
import { Notice } from "../../../ui/notice";
import { listed } from "../guests/people";
import type { GuestList } from "../queries";
import type { Door } from "./door";
import { standing, type Tap } from "./log";

const TEXTS = texts({
  nn: {
    noName: "Ukjend gjest",
    refused: (name: string) => `${name} er ikkje registrert: dei er alt inne.`,
    conflict: (name: string) => `${name}: det stemmer ikkje. Sjekk kven som er inne.`,
    unknown: "Ein gjest vart sleppt inn med ein billett som ingen kjenner.",
    numbers: (admitted: string, tickets: string, remaining: string) =>
      `${admitted} inne på ${tickets} ${tickets === "1" ? "billett" : "billettar"}, ${remaining} står att.`,
    last: (when: string, device: string) => `Sist kl. ${when}, ved ${device}.`,
    tapped: (guests: string, when: string) => `Her: ${guests} kl. ${when}.`,
    override: (guests: string) => `Slepp inn ${guests} likevel`,
    deny: "Ikkje slepp inn",
    undo: (guests: string) => `Ta tilbake ${guests}`,
    leave: "Det er i orden",
  },
  nb: {
    noName: "Ukjent gjest",
    refused: (name: string) => `${name} er ikke registrert: de er allerede inne.`,
    conflict: (name: string) => `${name}: det stemmer ikke. Sjekk hvem som er inne.`,
    unknown: "En gjest ble sluppet inn med en billett som ingen kjenner.",
    numbers: (admitted: string, tickets: string, remaining: string) =>
      `${admitted} inne på ${tickets} ${tickets === "1" ? "billett" : "billetter"}, ${remaining} gjenstår.`,
    last: (when: string, device: string) => `Sist kl. ${when}, ved ${device}.`,
    tapped: (guests: string, when: string) => `Her: ${guests} kl. ${when}.`,
    override: (guests: string) => `Slipp inn ${guests} likevel`,
    deny: "Ikke slipp inn",
    undo: (guests: string) => `Ta tilbake ${guests}`,
    leave: "Det er i orden",
  },
  en: {
    noName: "Unknown guest",
    refused: (name: string) => `${name} is not recorded: they are in already.`,
    conflict: (name: string) => `${name}: this does not add up. Check who is in.`,
    unknown: "A guest was let in with a ticket that nobody knows.",
    numbers: (admitted: string, tickets: string, remaining: string) =>
      `${admitted} in on ${tickets} ${tickets === "1" ? "ticket" : "tickets"}, ${remaining} to come.`,
    last: (when: string, device: string) => `Last at ${when}, by ${device}.`,
    tapped: (guests: string, when: string) => `Here: ${guests} at ${when}.`,
    override: (guests: string) => `Let in ${guests} all the same`,
    deny: "Do not let in",
    undo: (guests: string) => `Take back ${guests}`,
    leave: "It is all right",
  },
});

/** Something that does not add up, which staff decide about. */
export function Odd({ tap, door, list }: { tap: Tap; door: Door; list: GuestList }) {
  const words = said(TEXTS);
  const party = list.parties.find(({ reservationId }) => reservationId === tap.reservationId);
  const now = party && standing(party, door.taps.value);
  const name = (party && listed(party.name)) || words.noName;
  const { reservationId, guests } = tap;
  const again = async (what: Pick<Tap, "kind" | "guests"> & Partial<Tap>) => {
    await door.tap({ reservationId, code: tap.code, ...what });
    await door.settle(tap);
  };
  return (
    <Notice color="danger">
      <p>
        <strong>
          {tap.outcome === "REFUSED" && words.refused(name)}
          {tap.outcome === "CONFLICT" && words.conflict(name)}
          {tap.outcome === "UNKNOWN_TICKET" && words.unknown}
        </strong>
      </p>
      {now && (
        <p>
          {words.numbers(whole(now.admitted), whole(now.party.tickets), whole(now.remaining))}{" "}
          {now.lastAt && words.last(time(now.lastAt), now.lastDevice)}
        </p>
      )}
      <p class="quiet">{words.tapped(whole(guests), time(tap.happenedAt))}</p>
      <div class="row decide">
        {tap.outcome === "REFUSED" ? (
          <>
            <Button
              variant="secondary"
              onClick={() => void again({ kind: "ADMIT", guests, isDecided: true })}
            >
              {words.override(whole(guests))}
            </Button>
            <Button variant="secondary" onClick={() => void door.settle(tap)}>
              {words.deny}
            </Button>
          </>
        ) : (
          <>
            {tap.outcome === "CONFLICT" && tap.kind === "ADMIT" && (
              <Button variant="secondary" onClick={() => void again({ kind: "UNDO", guests })}>
                {words.undo(whole(guests))}
              </Button>
            )}
            <Button variant="secondary" onClick={() => void door.settle(tap)}>
              {words.leave}
            </Button>
          </>
        )}
      </div>
    </Notice>
  );
}
