import { useQuery } from "@tanstack/preact-query";
import type { ComponentChildren } from "preact";
import { ROUTES } from "../../routes";
import { language, said, texts } from "../../texts/language";
import { ButtonLink } from "../../ui/button";
import { Loading } from "../../ui/loaded";
import { Notice } from "../../ui/notice";
import { myConsents } from "./queries";

const TEXTS = texts({
  nn: {
    unread: "Før du går vidare: les korleis vi tek vare på personvernet ditt.",
    outdated: "Ein tekst du har sagt ja til, er endra. Vel på nytt kva vi får sende deg.",
    go: "Gå til personvern",
  },
  nb: {
    unread: "Før du går videre: les hvordan vi tar vare på personvernet ditt.",
    outdated: "En tekst du har sagt ja til, er endret. Velg på nytt hva vi får sende deg.",
    go: "Gå til personvern",
  },
  en: {
    unread: "Before you go on: read how we look after your privacy.",
    outdated: "A text that you agreed to has changed. Decide again what we may send you.",
    go: "Go to privacy",
  },
});

/**
 * Says so above the rest where the customer has a text to read, or to decide on again.
 *
 * The rest waits for the answer, so that nothing moves under a finger; not for a network that is away.
 */
export default function Reminder({ children }: { children: ComponentChildren }) {
  const words = said(TEXTS);
  const { data, isLoading, failureCount } = useQuery(myConsents(language.value));
  if (isLoading && failureCount === 0) return <Loading />;
  const consents = data?.consents ?? [];
  const isUnread = consents.some((each) => each.channels.length === 0 && !each.acknowledged);
  const isOutdated = consents.some((each) => each.channels.some((by) => by.outdated));
  return (
    <>
      {(isUnread || isOutdated) && (
        <Notice>
          <div class="stack">
            <p>{isUnread ? words.unread : words.outdated}</p>
            <ButtonLink to={ROUTES.privacy}>{words.go}</ButtonLink>
          </div>
        </Notice>
      )}
      {children}
    </>
  );
}
