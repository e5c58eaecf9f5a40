import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { useLocation, useParams } from "wouter-preact";
import { answerOf, api } from "../../../api/client";
import { queries } from "../../../api/queries";
import { dateAndTime, momentOf, whole } from "../../../format";
import { ROUTES } from "../../../routes";
import { LANGUAGES, type Language, language, said, texts } from "../../../texts/language";
import { useAction } from "../../../ui/action";
import { Button } from "../../../ui/button";
import { Dialog } from "../../../ui/dialog";
import { DialogForm } from "../../../ui/dialog-form";
import { Failed } from "../../../ui/failed";
import { Choice } from "../../../ui/field";
import { Loaded } from "../../../ui/loaded";
import { Notice } from "../../../ui/notice";
import { Page } from "../../../ui/page";
import { ForStaff } from "../for-staff";
import { MomentField } from "../moment-field";
import { type Mailing, mailingOf, previewOf } from "../queries";
import { MailingForm, type Written } from "./form";
import { Letter } from "./letter";
import { CHANNELS, reasonOf } from "./reasons";
import { StateTag } from "./state";
import "../staff.css";
import "./news.css";

const TEXTS = texts({
  nn: {
    back: "Nyhende",
    title: "Nyhende",
    save: "Lagre",
    preview: "Slik ser det ut",
    language: "Språk",
    letter: "Brevet",
    short: "SMS og varsel",
    audience: "Kven får det",
    nobody: "Ingen kan få dette no.",
    all: (customers: string) => `${customers} ${customers === "1" ? "kunde" : "kundar"} får det.`,
    leftOut: "Får det ikkje",
    test: "Send prøve til meg",
    tested: "Prøva er på veg til e-posten din.",
    send: "Send …",
    unsaved: "Du har endringar som ikkje er lagra. Lagre før du ser og sender.",
    sendTitle: "Sende nyhendet?",
    when: "Når",
    now: "No",
    later: "Seinare",
    at: "Tidspunkt",
    quiet: "Ingen får det om natta, frå 22 til 7.",
    sendNow: "Send no",
    sendLater: "Planlegg",
    close: "Lukk",
    begins: (when: string) => `Startar ${when}.`,
    unschedule: "Gjer til kladd igjen",
    stop: "Stopp",
    stopTitle: "Stoppe utsendinga?",
    stopText: "Dei som ikkje har fått det, får det ikkje. Dette kan ikkje gjerast om.",
    remove: "Slett",
    removeTitle: "Slette nyhendet?",
    removeText: "Det blir borte frå lista. Lenkjene for å melde seg av verkar framleis.",
    progress: "Kor langt det er kome",
    sent: "Har fått det",
    waiting: "Blir skrive til",
    ended: (when: string) => `Ferdig ${when}.`,
    system: "Dette har systemet skrive, til dei som vil vite om nye arrangement.",
  },
  nb: {
    back: "Nyheter",
    title: "Nyhet",
    save: "Lagre",
    preview: "Slik ser det ut",
    language: "Språk",
    letter: "Brevet",
    short: "SMS og varsel",
    audience: "Hvem får det",
    nobody: "Ingen kan få dette nå.",
    all: (customers: string) => `${customers} ${customers === "1" ? "kunde" : "kunder"} får det.`,
    leftOut: "Får det ikke",
    test: "Send prøve til meg",
    tested: "Prøven er på vei til e-posten din.",
    send: "Send …",
    unsaved: "Du har endringer som ikke er lagret. Lagre før du ser og sender.",
    sendTitle: "Sende nyheten?",
    when: "Når",
    now: "Nå",
    later: "Senere",
    at: "Tidspunkt",
    quiet: "Ingen får det om natten, fra 22 til 7.",
    sendNow: "Send nå",
    sendLater: "Planlegg",
    close: "Lukk",
    begins: (when: string) => `Starter ${when}.`,
    unschedule: "Gjør til kladd igjen",
    stop: "Stopp",
    stopTitle: "Stoppe utsendingen?",
    stopText: "De som ikke har fått det, får det ikke. Dette kan ikke gjøres om.",
    remove: "Slett",
    removeTitle: "Slette nyheten?",
    removeText: "Den blir borte fra listen. Lenkene for å melde seg av virker fortsatt.",
    progress: "Hvor langt det er kommet",
    sent: "Har fått det",
    waiting: "Skrives til",
    ended: (when: string) => `Ferdig ${when}.`,
    system: "Dette har systemet skrevet, til dem som vil vite om nye arrangement.",
  },
  en: {
    back: "News",
    title: "News",
    save: "Save",
    preview: "What it looks like",
    language: "Language",
    letter: "The letter",
    short: "SMS and notification",
    audience: "Who gets it",
    nobody: "Nobody can get this now.",
    all: (customers: string) =>
      `${customers} ${customers === "1" ? "customer gets" : "customers get"} it.`,
    leftOut: "Do not get it",
    test: "Send a test to me",
    tested: "The test is on its way to your e-mail.",
    send: "Send …",
    unsaved: "You have changes that are not saved. Save before you look and send.",
    sendTitle: "Send the news?",
    when: "When",
    now: "Now",
    later: "Later",
    at: "Time",
    quiet: "Nobody gets it at night, from 22 to 7.",
    sendNow: "Send now",
    sendLater: "Schedule",
    close: "Close",
    begins: (when: string) => `Begins ${when}.`,
    unschedule: "Make it a draft again",
    stop: "Stop",
    stopTitle: "Stop sending?",
    stopText: "Those who have not got it will not get it. This cannot be undone.",
    remove: "Delete",
    removeTitle: "Delete the news?",
    removeText: "It leaves the list. Links to unsubscribe still work.",
    progress: "Progress",
    sent: "Have got it",
    waiting: "Being written to",
    ended: (when: string) => `Ended ${when}.`,
    system: "The system has written this, to those who want to know of new events.",
  },
});

/** A mailing: written, looked at, sent, and followed. */
export default function MailingPage() {
  const { mailing = "" } = useParams<{ mailing: string }>();
  const words = said(TEXTS);
  const query = useQuery(mailingOf(mailing));
  return (
    <ForStaff roles={["EVENT_STAFF"]}>
      <Page
        title={query.data?.title ?? words.title}
        back={{ to: ROUTES.mailings, text: words.back }}
        wide
      >
        <Loaded query={query}>
          {(shown) => (
            <>
              <p class="row" role="status">
                <StateTag state={shown.state} />
                {shown.state === "SCHEDULED" && shown.startsAt && (
                  <span>{words.begins(dateAndTime(shown.startsAt))}</span>
                )}
                {shown.endedAt && <span>{words.ended(dateAndTime(shown.endedAt))}</span>}
              </p>
              {shown.kind !== "news" && <Notice>{words.system}</Notice>}
              {shown.state === "DRAFT" ? <Draft mailing={shown} /> : <Underway mailing={shown} />}
            </>
          )}
        </Loaded>
      </Page>
    </ForStaff>
  );
}

function changed(): Promise<void> {
  return queries.invalidateQueries({ queryKey: ["mailings"] });
}

function Draft({ mailing }: { mailing: Mailing }) {
  const words = said(TEXTS);
  const [isDirty, setDirty] = useState(false);
  const save = useAction(async (written: Written, headers) => {
    const params = { path: { mailing_id: mailing.id }, header: headers };
    const body = { version: mailing.version, texts: written };
    await answerOf(api.PATCH("/v1/mailings/{mailing_id}", { params, body }));
    setDirty(false);
    await changed();
  });
  return (
    <div class="beside">
      <section class="ds-card">
        <MailingForm
          known={mailing}
          submit={words.save}
          busy={save.busy}
          error={save.error}
          onChange={() => setDirty(true)}
          onSubmit={(written) => void save.run(written)}
        />
      </section>
      <div class="stack">
        {isDirty && (
          <Notice color="warning">
            <p>{words.unsaved}</p>
          </Notice>
        )}
        <Preview mailing={mailing}>{!isDirty && <Sending mailing={mailing} />}</Preview>
      </div>
    </div>
  );
}

function Underway({ mailing }: { mailing: Mailing }) {
  const words = said(TEXTS);
  const { state, progress, version, id } = mailing;
  const unschedule = useAction(async (_: undefined, headers) => {
    const params = { path: { mailing_id: id }, header: headers };
    await answerOf(api.POST("/v1/mailings/{mailing_id}:unschedule", { params, body: { version } }));
    await changed();
  });
  return (
    <div class="beside">
      <section class="ds-card stack">
        <h2 class="ds-heading" data-size="xs">
          {words.progress}
        </h2>
        <dl class="numbers-of-event" aria-live="polite">
          <div>
            <dt>{words.sent}</dt>
            <dd class="number">{whole(progress?.sent)}</dd>
          </div>
          <div>
            <dt>{words.waiting}</dt>
            <dd class="number">{whole(progress?.waiting)}</dd>
          </div>
        </dl>
        <LeftOut all={progress?.dropped ?? []} />
        <div class="row">
          {state === "SCHEDULED" && (
            <Button
              variant="secondary"
              busy={unschedule.busy}
              onClick={() => void unschedule.run(undefined)}
            >
              {words.unschedule}
            </Button>
          )}
          {(state === "SCHEDULED" || state === "SENDING") && <Stop mailing={mailing} />}
          {(state === "SENT" || state === "STOPPED") && <Remove mailing={mailing} />}
        </div>
        {unschedule.error !== null && <Failed error={unschedule.error} />}
      </section>
      {mailing.texts && <Preview mailing={mailing} />}
    </div>
  );
}

function Preview({ mailing, children }: { mailing: Mailing; children?: preact.ComponentChildren }) {
  const words = said(TEXTS);
  const [spoken, setSpoken] = useState<Language>(language.value);
  const query = useQuery(previewOf(mailing, spoken));
  const all = ["nn", "nb", "en"] as const;
  return (
    <section class="ds-card stack">
      <div class="row between">
        <h2 class="ds-heading" data-size="xs">
          {words.preview}
        </h2>
        <Choice<Language>
          label={`${words.preview}: ${words.language}`}
          options={all.map((each) => [each, LANGUAGES[each]])}
          chosen={spoken}
          onChoose={setSpoken}
        />
      </div>
      <Loaded query={query}>
        {(preview) => (
          <>
            <Letter html={preview.html} title={words.letter} />
            <div>
              <h3 class="ds-label">{words.short}</h3>
              <p class="as-typed short">{preview.short}</p>
            </div>
            {mailing.state === "DRAFT" && (
              <div class="stack tight">
                <h3 class="ds-label">{words.audience}</h3>
                {preview.byChannel.length === 0 ? (
                  <p>{words.nobody}</p>
                ) : (
                  <p>
                    <strong>
                      {words.all(
                        whole(preview.byChannel.reduce((sum, each) => sum + each.customers, 0)),
                      )}
                    </strong>{" "}
                    (
                    {preview.byChannel
                      .map(({ channel, customers }) => `${said(CHANNELS)[channel]}: ${customers}`)
                      .join(", ")}
                    )
                  </p>
                )}
                <LeftOut all={preview.leftOut} />
              </div>
            )}
          </>
        )}
      </Loaded>
      {children}
    </section>
  );
}

function LeftOut({ all }: { all: readonly { reason: string; customers: number }[] }) {
  if (all.length === 0) return null;
  return (
    <details class="ds-details" data-variant="tinted">
      <summary>
        {`${said(TEXTS).leftOut}: ${whole(all.reduce((sum, each) => sum + each.customers, 0))}`}
      </summary>
      <div>
        <ul class="plain">
          {all.map(({ reason, customers }) => (
            <li key={reason}>
              {reasonOf(reason)}: <span class="number">{whole(customers)}</span>
            </li>
          ))}
        </ul>
      </div>
    </details>
  );
}

function Sending({ mailing }: { mailing: Mailing }) {
  const words = said(TEXTS);
  const [asks, setAsks] = useState(false);
  const [isTested, setTested] = useState(false);
  const test = useAction(async (_: undefined, headers) => {
    const params = { path: { mailing_id: mailing.id }, header: headers };
    const body = { language: language.value };
    await answerOf(api.POST("/v1/mailings/{mailing_id}:sendTest", { params, body }));
    setTested(true);
  });
  return (
    <>
      <div class="row">
        <Button onClick={() => setAsks(true)}>{words.send}</Button>
        <Button variant="secondary" busy={test.busy} onClick={() => void test.run(undefined)}>
          {words.test}
        </Button>
        <Remove mailing={mailing} />
      </div>
      {test.error !== null && <Failed error={test.error} />}
      {isTested && test.error === null && <Notice color="success">{words.tested}</Notice>}
      {asks && <SendDialog mailing={mailing} onClose={() => setAsks(false)} />}
    </>
  );
}

function SendDialog({ mailing, onClose }: { mailing: Mailing; onClose: () => void }) {
  const words = said(TEXTS);
  const [when, setWhen] = useState<"now" | "later">("now");
  const [local, setLocal] = useState("");
  const query = useQuery(previewOf(mailing, language.value));
  const schedule = useAction(async (sendAt: string | undefined, headers) => {
    const params = { path: { mailing_id: mailing.id }, header: headers };
    const body = { version: mailing.version, ...(sendAt ? { sendAt } : {}) };
    await answerOf(api.POST("/v1/mailings/{mailing_id}:schedule", { params, body }));
    await changed();
  });
  const customers = query.data?.byChannel.reduce((sum, each) => sum + each.customers, 0);
  return (
    <DialogForm
      title={words.sendTitle}
      submit={when === "now" ? words.sendNow : words.sendLater}
      action={schedule}
      onSubmit={() => {
        const sendAt = when === "later" ? momentOf(local) : undefined;
        if (when === "later" && sendAt === undefined) return;
        void schedule.run(sendAt).then((isDone) => isDone && onClose());
      }}
      onClose={onClose}
    >
      <p>
        <strong>{words.all(whole(customers))}</strong> {words.quiet}
      </p>
      <Choice<"now" | "later">
        label={words.when}
        options={[
          ["now", words.now],
          ["later", words.later],
        ]}
        chosen={when}
        onChoose={setWhen}
      />
      {when === "later" && (
        <MomentField label={words.at} local={local} onLocal={setLocal} required />
      )}
    </DialogForm>
  );
}

function Stop({ mailing }: { mailing: Mailing }) {
  const words = said(TEXTS);
  const stop = useAction(async (_: undefined, headers) => {
    const params = { path: { mailing_id: mailing.id }, header: headers };
    await answerOf(api.POST("/v1/mailings/{mailing_id}:stop", { params }));
    await changed();
  });
  return <Sure title={words.stopTitle} text={words.stopText} act={words.stop} action={stop} />;
}

function Remove({ mailing }: { mailing: Mailing }) {
  const words = said(TEXTS);
  const [, go] = useLocation();
  const remove = useAction(async (_: undefined, headers) => {
    const query = { version: mailing.version };
    const params = { path: { mailing_id: mailing.id }, query, header: headers };
    await answerOf(api.DELETE("/v1/mailings/{mailing_id}", { params }));
    go(ROUTES.mailings);
    await changed();
  });
  return (
    <Sure title={words.removeTitle} text={words.removeText} act={words.remove} action={remove} />
  );
}

/** Does something only after it was asked for twice. */
function Sure({
  title,
  text,
  act,
  action,
}: {
  title: string;
  text: string;
  act: string;
  action: ReturnType<typeof useAction<undefined>>;
}) {
  const words = said(TEXTS);
  const [asks, setAsks] = useState(false);
  return (
    <>
      <Button variant="secondary" color="danger" onClick={() => setAsks(true)}>
        {act}
      </Button>
      {asks && (
        <Dialog title={title} onClose={() => setAsks(false)}>
          <p>{text}</p>
          {action.error !== null && <Failed error={action.error} />}
          <div class="row">
            <Button
              color="danger"
              busy={action.busy}
              onClick={() => void action.run(undefined).then((isDone) => isDone && setAsks(false))}
            >
              {act}
            </Button>
            <Button variant="tertiary" onClick={() => setAsks(false)}>
              {words.close}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
