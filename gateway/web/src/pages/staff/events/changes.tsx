import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { shortDate, time, whole } from "../../../format";
import { said, texts } from "../../../texts/language";
import { Button } from "../../../ui/button";
import { Loaded } from "../../../ui/loaded";
import { changesOf, type ReservationChange } from "../queries";

const TEXTS = texts({
  nn: {
    title: "Kva som har skjedd",
    none: "Ingen har reservert enno.",
    more: "Vis fleire",
    nobody: "Utan namn",
    kinds: {
      RESERVED: (tickets: string) => `reserverte ${tickets}`,
      ACCEPTED: (tickets: string) => `tok imot ${tickets} frå ventelista`,
      RELEASED: (tickets: string) => `gav tilbake ${tickets}`,
      CANCELLED: (tickets: string) => `mista ${tickets}: avlyst`,
    },
    byLink: "med lenkje i brev",
    byStaff: (reason: string) => `Gjort av oss: ${reason}`,
  },
  nb: {
    title: "Hva som har skjedd",
    none: "Ingen har reservert ennå.",
    more: "Vis flere",
    nobody: "Uten navn",
    kinds: {
      RESERVED: (tickets: string) => `reserverte ${tickets}`,
      ACCEPTED: (tickets: string) => `tok imot ${tickets} fra ventelisten`,
      RELEASED: (tickets: string) => `ga tilbake ${tickets}`,
      CANCELLED: (tickets: string) => `mistet ${tickets}: avlyst`,
    },
    byLink: "med lenke i brev",
    byStaff: (reason: string) => `Gjort av oss: ${reason}`,
  },
  en: {
    title: "What has happened",
    none: "Nobody has reserved yet.",
    more: "Show more",
    nobody: "No name",
    kinds: {
      RESERVED: (tickets: string) => `reserved ${tickets}`,
      ACCEPTED: (tickets: string) => `accepted ${tickets} from the waiting list`,
      RELEASED: (tickets: string) => `gave back ${tickets}`,
      CANCELLED: (tickets: string) => `lost ${tickets}: cancelled`,
    },
    byLink: "by a link in a letter",
    byStaff: (reason: string) => `Done by us: ${reason}`,
  },
});

const AT_ONCE = 20;

/** Who reserved and who gave back, the newest first. */
export function Changes({ event }: { event: string }) {
  const words = said(TEXTS);
  const query = useQuery(changesOf(event));
  const [shown, setShown] = useState(AT_ONCE);
  return (
    <section class="ds-card stack">
      <h2 class="ds-heading" data-size="xs">
        {words.title}
      </h2>
      <Loaded query={query}>
        {({ changes }) => (
          <>
            {changes.length === 0 && <p class="quiet">{words.none}</p>}
            <ol class="changes">
              {changes
                .toReversed()
                .slice(0, shown)
                .map((change) => (
                  <Change key={change.sequence} change={change} />
                ))}
            </ol>
            {changes.length > shown && (
              <Button variant="secondary" onClick={() => setShown(shown + AT_ONCE)}>
                {words.more}
              </Button>
            )}
          </>
        )}
      </Loaded>
    </section>
  );
}

function Change({ change }: { change: ReservationChange }) {
  const words = said(TEXTS);
  const { kind, happenedAt, name, customerNumber, tickets, byLink, staffAccountId, reason } =
    change;
  return (
    <li>
      <span class="quiet number">
        {happenedAt && `${shortDate(happenedAt)} ${time(happenedAt)}`}
      </span>
      <span>
        <strong>{name || words.nobody}</strong> {customerNumber}{" "}
        {kind !== "KIND_UNSPECIFIED" && words.kinds[kind](whole(tickets))}
        {byLink && <span class="quiet"> {words.byLink}</span>}
        {staffAccountId && <span class="quiet by-staff">{words.byStaff(reason)}</span>}
      </span>
    </li>
  );
}
