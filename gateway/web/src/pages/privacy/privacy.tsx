import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { answerOf, api } from "../../api/client";
import { Problem } from "../../api/problem";
import { queries } from "../../api/queries";
import { date } from "../../format";
import { ROUTES } from "../../routes";
import { language, said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { Failed } from "../../ui/failed";
import { Switch } from "../../ui/field";
import { Loaded } from "../../ui/loaded";
import { Notice } from "../../ui/notice";
import { Page } from "../../ui/page";
import { Markdown } from "./markdown";
import { type Channel, type Consent, type MyConsents, myConsents, notice } from "./queries";
import { WORDS } from "./words";

const TEXTS = texts({
  nn: {
    title: "Personvern",
    back: "Min profil",
    read: "Les teksten",
    accept: "OK, gå vidare",
    accepted: (when: string) => `Du har lese og gått vidare ${when}.`,
    changed: "Teksten er endra sidan sist. Les han, og vel på nytt.",
    outdated:
      "Teksten er endra sidan du sa ja, så vi sender deg ingenting før du har valt på nytt.",
    justChanged: "Teksten vart endra medan du las. Her er den nye: les han, og vel på nytt.",
    since: (when: string) => `Valt ${when}`,
    never: "Ikkje valt",
    all: "Sei nei til alt",
    allHint: "Slår av alle kanalane. Rekningar og billettar du har bede om, får du framleis.",
    history: "Alt du har valt",
    receipt: "Last ned kvittering",
  },
  nb: {
    title: "Personvern",
    back: "Min profil",
    read: "Les teksten",
    accept: "OK, gå videre",
    accepted: (when: string) => `Du har lest og gått videre ${when}.`,
    changed: "Teksten er endret siden sist. Les den, og velg på nytt.",
    outdated:
      "Teksten er endret siden du sa ja, så vi sender deg ingenting før du har valgt på nytt.",
    justChanged: "Teksten ble endret mens du leste. Her er den nye: les den, og velg på nytt.",
    since: (when: string) => `Valgt ${when}`,
    never: "Ikke valgt",
    all: "Si nei til alt",
    allHint: "Slår av alle kanalene. Regninger og billetter du har bedt om, får du fortsatt.",
    history: "Alt du har valgt",
    receipt: "Last ned kvittering",
  },
  en: {
    title: "Privacy",
    back: "My profile",
    read: "Read the text",
    accept: "OK, continue",
    accepted: (when: string) => `You read this and went on, ${when}.`,
    changed: "The text has changed since then. Read it, and decide again.",
    outdated:
      "The text has changed since you said yes, so we send you nothing until you decide again.",
    justChanged:
      "The text was changed while you read. Here is the new one: read it, and decide again.",
    since: (when: string) => `Decided on ${when}`,
    never: "Not decided",
    all: "Say no to everything",
    allHint: "Switches all channels off. You still get bills, and tickets that you asked for.",
    history: "All that you have decided",
    receipt: "Download a receipt",
  },
});

/** What the company may send, and by which text. */
export default function Privacy() {
  const words = said(TEXTS);
  const query = useQuery(myConsents(language.value));
  return (
    <Page title={words.title} back={{ to: ROUTES.profile, text: words.back }}>
      <Loaded query={query}>
        {(mine) => (
          <>
            {!mine.reachable && <Notice color="warning">{mine.message}</Notice>}
            {mine.consents.map((consent) => (
              <Purpose key={consent.purpose} consent={consent} />
            ))}
            <Leave
              isOut={mine.consents.every((each) => each.channels.every((by) => !by.granted))}
            />
            <nav class="row" aria-label={words.title}>
              <Link class="ds-link" href={ROUTES.consentHistory}>
                {words.history}
              </Link>
              <a class="ds-link" href="/v1/me/consents/receipt.json" download>
                {words.receipt}
              </a>
            </nav>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function keep(mine: MyConsents): void {
  queries.setQueryData(myConsents(language.value).queryKey, mine);
  void queries.invalidateQueries({ queryKey: ["consents", "history"] });
}

type Wanted = { channel: Channel; granted: boolean };

/** Says yes or no, echoing the text that is on the screen. */
function useDecision(consent: Consent) {
  return useAction(async ({ channel, granted }: Wanted, headers) => {
    const change = {
      purpose: consent.purpose,
      channel,
      granted,
      noticeVersion: consent.noticeVersion,
      noticeSha256: consent.noticeSha256,
      language: consent.language,
    };
    const call = api.PATCH("/v1/me/consents", {
      params: { header: headers },
      body: { changes: [change] },
    });
    try {
      keep(await answerOf(call));
    } catch (error) {
      if (isNoticeChanged(error)) await queries.invalidateQueries({ queryKey: ["consents"] });
      throw error;
    }
  });
}

function isNoticeChanged(error: unknown): boolean {
  return error instanceof Problem && error.code === "NOTICE_CHANGED";
}

function Purpose({ consent }: { consent: Consent }) {
  const words = said(TEXTS);
  const [isOpen, setOpen] = useState(false);
  const decision = useDecision(consent);
  const isNew = isNoticeChanged(decision.error);
  return (
    <section class="ds-card stack" aria-labelledby={`purpose-${consent.purpose}`}>
      <h2 class="ds-heading" data-size="xs" id={`purpose-${consent.purpose}`}>
        {consent.name}
      </h2>
      {isNew && <Notice color="warning">{words.justChanged}</Notice>}
      {!isNew && decision.error !== null && <Failed error={decision.error} />}
      <details
        class="ds-details"
        open={isNew || isOpen}
        onToggle={(event) => setOpen(event.currentTarget.open)}
      >
        <summary>{words.read}</summary>
        {(isNew || isOpen) && <NoticeText consent={consent} />}
      </details>
      {consent.channels.length === 0 ? (
        <Acknowledgement consent={consent} decision={decision} />
      ) : (
        <Channels consent={consent} decision={decision} />
      )}
    </section>
  );
}

function NoticeText({ consent }: { consent: Consent }) {
  const query = useQuery(notice(consent.notice, consent.noticeVersion));
  return (
    <Loaded query={query}>
      {(found) => {
        // The hash of this very text is what a yes echoes.
        const text = found.texts.find((each) => each.language === consent.language);
        return text && <Markdown text={text.body} />;
      }}
    </Loaded>
  );
}

type Deciding = { consent: Consent; decision: ReturnType<typeof useDecision> };

function Acknowledgement({ consent, decision }: Deciding) {
  const words = said(TEXTS);
  if (consent.acknowledged && consent.decidedAt) {
    return <p class="quiet">{words.accepted(date(consent.decidedAt))}</p>;
  }
  return (
    <>
      {consent.outdated && <Notice color="warning">{words.changed}</Notice>}
      <Button
        busy={decision.busy}
        onClick={() => void decision.run({ channel: "CHANNEL_UNSPECIFIED", granted: true })}
      >
        {words.accept}
      </Button>
    </>
  );
}

function Channels({ consent, decision }: Deciding) {
  const words = said(TEXTS);
  const names = said(WORDS).channels;
  const isOutdated = consent.channels.some((each) => each.outdated);
  return (
    <>
      {isOutdated && <Notice color="warning">{words.outdated}</Notice>}
      <div class="stack">
        {consent.channels.map(({ channel, granted, decidedAt }) => (
          <Switch
            key={channel}
            label={names[channel]}
            hint={decidedAt ? words.since(date(decidedAt)) : words.never}
            on={granted}
            busy={decision.busy}
            onChange={(on) => void decision.run({ channel, granted: on })}
          />
        ))}
      </div>
      {!consent.reachable && consent.message && <p class="quiet">{consent.message}</p>}
    </>
  );
}

function Leave({ isOut }: { isOut: boolean }) {
  const words = said(TEXTS);
  const leave = useAction(async (_: void, headers) =>
    keep(await answerOf(api.POST("/v1/me/consents:withdrawAll", { params: { header: headers } }))),
  );
  if (isOut) return null;
  return (
    <div class="stack">
      {leave.error !== null && <Failed error={leave.error} />}
      <Button variant="secondary" busy={leave.busy} onClick={() => void leave.run()}>
        {words.all}
      </Button>
      <p class="quiet">{words.allHint}</p>
    </div>
  );
}
