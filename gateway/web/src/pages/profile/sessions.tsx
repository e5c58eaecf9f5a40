import { useQuery } from "@tanstack/preact-query";
import { api } from "../../api/client";
import { queries } from "../../api/queries";
import type { components } from "../../api/schema";
import { shortDateAndTime } from "../../format";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { Failed } from "../../ui/failed";
import { Loaded } from "../../ui/loaded";
import { sessions } from "./queries";

type Session = components["schemas"]["ListMySessionsResponse"]["sessions"][number];

const TEXTS = texts({
  nn: {
    title: "Her er du logga inn",
    text: "Kjenner du ikkje att ei eining? Logg henne ut, og byt passord.",
    unknown: "Ukjend eining",
    here: "Denne eininga",
    since: (when: string) => `Logga inn ${when}`,
    used: (when: string) => `Sist brukt ${when}`,
    end: "Logg ut",
    endNamed: (device: string) => `Logg ut ${device}`,
    others: "Logg ut alle andre",
    done: "Eininga er logga ut.",
  },
  nb: {
    title: "Her er du logget inn",
    text: "Kjenner du ikke igjen en enhet? Logg den ut, og bytt passord.",
    unknown: "Ukjent enhet",
    here: "Denne enheten",
    since: (when: string) => `Logget inn ${when}`,
    used: (when: string) => `Sist brukt ${when}`,
    end: "Logg ut",
    endNamed: (device: string) => `Logg ut ${device}`,
    others: "Logg ut alle andre",
    done: "Enheten er logget ut.",
  },
  en: {
    title: "Where you are logged in",
    text: "A device you do not know? Log it out, and change your password.",
    unknown: "Unknown device",
    here: "This device",
    since: (when: string) => `Logged in ${when}`,
    used: (when: string) => `Last used ${when}`,
    end: "Log out",
    endNamed: (device: string) => `Log out ${device}`,
    others: "Log out all others",
    done: "The device is logged out.",
  },
});

/** Where the account is logged in, and how to end that. */
export function Sessions() {
  const words = said(TEXTS);
  const query = useQuery(sessions);
  const end = useAction(async (id: string, headers) => {
    await api.DELETE("/v1/sessions/{session_id}", {
      params: { path: { session_id: id }, header: headers },
    });
    await queries.invalidateQueries(sessions);
  });
  const endOthers = useAction(async (_, headers) => {
    await api.POST("/v1/me/sessions:endAll", {
      params: { header: headers },
      body: { keepCurrent: true },
    });
    await queries.invalidateQueries(sessions);
  });
  const error = end.error ?? endOthers.error;
  return (
    <section class="ds-card stack">
      <h2 class="ds-heading" data-size="xs">
        {words.title}
      </h2>
      <p class="quiet">{words.text}</p>
      <Loaded query={query}>
        {(all) => (
          <>
            <ul class="lines">
              {[...all].sort(currentFirst).map((each) => (
                <Line
                  key={each.id}
                  session={each}
                  busy={end.busy}
                  onEnd={() => void end.run(each.id)}
                />
              ))}
            </ul>
            {all.length > 1 && (
              <div>
                <Button
                  variant="secondary"
                  busy={endOthers.busy}
                  onClick={() => void endOthers.run()}
                >
                  {words.others}
                </Button>
              </div>
            )}
          </>
        )}
      </Loaded>
      {error !== null && <Failed error={error} />}
      <p class="ds-sr-only" role="status">
        {(end.isDone || endOthers.isDone) && words.done}
      </p>
    </section>
  );
}

function currentFirst(one: Session, other: Session): number {
  return Number(other.current) - Number(one.current);
}

function Line({ session, busy, onEnd }: { session: Session; busy: boolean; onEnd: () => void }) {
  const words = said(TEXTS);
  const { device, current, createdAt, lastUsedAt } = session;
  const name = device || words.unknown;
  return (
    <li class="line">
      <div>
        <p class="name">
          {name}
          {current && (
            <span class="ds-tag" data-color="success" data-size="sm">
              {words.here}
            </span>
          )}
        </p>
        {createdAt && <p class="quiet">{words.since(shortDateAndTime(createdAt))}</p>}
        {lastUsedAt && !current && <p class="quiet">{words.used(shortDateAndTime(lastUsedAt))}</p>}
      </div>
      {!current && (
        <Button
          variant="tertiary"
          color="danger"
          busy={busy}
          aria-label={words.endNamed(name)}
          onClick={onEnd}
        >
          {words.end}
        </Button>
      )}
    </li>
  );
}
