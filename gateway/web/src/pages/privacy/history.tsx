import { useInfiniteQuery, useQuery } from "@tanstack/preact-query";
import { beside, dateAndTime } from "../../format";
import { ROUTES } from "../../routes";
import { language, said, texts } from "../../texts/language";
import { Button } from "../../ui/button";
import { Loaded } from "../../ui/loaded";
import { Page } from "../../ui/page";
import { type Decision, history, myConsents } from "./queries";
import { WORDS } from "./words";

const TEXTS = texts({
  nn: {
    title: "Alt du har valt",
    back: "Personvern",
    read: "Lese",
    none: "Du har ikkje valt noko enno.",
    more: "Vis eldre",
    version: (number: number) => `Tekst\u00a0nr.\u00a0${number}`,
  },
  nb: {
    title: "Alt du har valgt",
    back: "Personvern",
    read: "Lest",
    none: "Du har ikke valgt noe ennå.",
    more: "Vis eldre",
    version: (number: number) => `Tekst\u00a0nr.\u00a0${number}`,
  },
  en: {
    title: "All that you have decided",
    back: "Privacy",
    read: "Read",
    none: "You have not decided anything yet.",
    more: "Show older ones",
    version: (number: number) => `Text\u00a0no.\u00a0${number}`,
  },
});

/** Every yes and no of the customer, as the ledger has it. */
export default function History() {
  const words = said(TEXTS);
  const query = useInfiniteQuery(history);
  const names = useQuery(myConsents(language.value)).data?.consents;
  const nameOf = (purpose: string) =>
    names?.find((each) => each.purpose === purpose)?.name ?? purpose;
  return (
    <Page title={words.title} back={{ to: ROUTES.privacy, text: words.back }}>
      <Loaded query={query}>
        {({ pages }) => {
          const decisions = pages.flatMap((page) => page.decisions);
          if (decisions.length === 0) return <p>{words.none}</p>;
          return (
            <ol class="plain stack">
              {decisions.map((each) => (
                <Row key={each.position} decision={each} name={nameOf(each.purpose)} />
              ))}
            </ol>
          );
        }}
      </Loaded>
      {query.hasNextPage && (
        <Button
          variant="secondary"
          busy={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {words.more}
        </Button>
      )}
    </Page>
  );
}

function Row({ decision, name }: { decision: Decision; name: string }) {
  const words = said(TEXTS);
  const { channels, kinds, actors } = said(WORDS);
  const isYes = decision.kind === "GIVEN";
  return (
    <li class="ds-card">
      <p class="head">
        <strong>{beside(name, channels[decision.channel])}</strong>
        <span class="ds-tag" data-color={isYes ? "success" : "neutral"}>
          {isYes && decision.channel === "CHANNEL_UNSPECIFIED" ? words.read : kinds[decision.kind]}
        </span>
      </p>
      <p class="quiet">
        {beside(
          decision.happenedAt && dateAndTime(decision.happenedAt),
          actors[decision.actor],
          decision.noticeVersion > 0 && words.version(decision.noticeVersion),
        )}
      </p>
    </li>
  );
}
