import { useEffect, useState } from "preact/hooks";
import { LoginDeclined, Offline, Problem, ProofDeclined } from "../api/problem";
import { duration } from "../format";
import { said, texts } from "../texts/language";
import { Button } from "./button";
import { Notice } from "./notice";

const TEXTS = texts({
  nn: {
    offline:
      "Vi får ikkje kontakt. Sjekk nettet og prøv igjen. Det du har skrive, står her framleis.",
    away: "Noko hos oss svarer ikkje akkurat no. Vent litt og prøv igjen. Det du har skrive, står her framleis.",
    loggedOut: "Du er logga ut. Logg inn for å halde fram.",
    unproven: "Ingenting er endra, for du stadfesta ikkje at det er du.",
    broken: "Noko gjekk gale på denne sida. Last henne på nytt.",
    again: "Prøv igjen",
    wait: (left: string) => `Prøv igjen om ${left}`,
    reference: (id: string) => `Referanse til kundeservice: ${id}`,
  },
  nb: {
    offline:
      "Vi får ikke kontakt. Sjekk nettet og prøv igjen. Det du har skrevet, står her fortsatt.",
    away: "Noe hos oss svarer ikke akkurat nå. Vent litt og prøv igjen. Det du har skrevet, står her fortsatt.",
    loggedOut: "Du er logget ut. Logg inn for å fortsette.",
    unproven: "Ingenting er endret, for du bekreftet ikke at det er deg.",
    broken: "Noe gikk galt på denne siden. Last den på nytt.",
    again: "Prøv igjen",
    wait: (left: string) => `Prøv igjen om ${left}`,
    reference: (id: string) => `Referanse til kundeservice: ${id}`,
  },
  en: {
    offline:
      "We cannot connect. Check your network and try again. What you have typed is still here.",
    away: "Something on our side does not answer right now. Wait a little and try again. What you have typed is still here.",
    loggedOut: "You are logged out. Log in to go on.",
    unproven: "Nothing was changed, since you did not confirm that it is you.",
    broken: "Something went wrong on this page. Load it again.",
    again: "Try again",
    wait: (left: string) => `Try again in ${left}`,
    reference: (id: string) => `Reference for customer service: ${id}`,
  },
});

/** What went wrong, in the reader's language, and what to do about it. */
export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const words = said(TEXTS);
  const left = useSecondsLeft(error);
  const isTemporary =
    error instanceof Offline ||
    error instanceof ProofDeclined ||
    (error instanceof Problem && (error.status === 429 || error.status >= 500));
  return (
    <Notice color={isTemporary ? "warning" : "danger"}>
      <p>{explained(error, words)}</p>
      {error instanceof Problem && isFailure(error) && (
        <p class="quiet">{words.reference(error.document.traceId)}</p>
      )}
      {!onRetry && left > 0 && <p>{words.wait(duration(left))}</p>}
      {onRetry && isTemporary && (
        <Button variant="secondary" busy={left > 0} onClick={onRetry}>
          {left > 0 ? words.wait(duration(left)) : words.again}
        </Button>
      )}
    </Notice>
  );
}

function explained(error: unknown, words: ReturnType<typeof said<(typeof TEXTS)["nn"]>>): string {
  if (error instanceof Offline) return words.offline;
  if (error instanceof LoginDeclined) return words.loggedOut;
  if (error instanceof ProofDeclined) return words.unproven;
  if (error instanceof Problem) return isFailure(error) ? words.away : error.told;
  return words.broken;
}

/** Whether something of ours is out of order; that too many are here at once is not. */
function isFailure(error: Problem): boolean {
  return error.status >= 500 && error.code !== "OVERLOADED";
}

/** Counts down to when the gateway wants to be asked again. */
function useSecondsLeft(error: unknown): number {
  const wanted = error instanceof Problem ? (error.document.retryAfter ?? 0) : 0;
  const [left, setLeft] = useState(wanted);
  useEffect(() => {
    setLeft(wanted);
    const until = Date.now() + wanted * 1000;
    const timer = setInterval(() => {
      const next = Math.ceil((until - Date.now()) / 1000);
      setLeft(Math.max(0, next));
      if (next <= 0) clearInterval(timer);
    }, 500);
    return () => clearInterval(timer);
  }, [error, wanted]);
  return left;
}
