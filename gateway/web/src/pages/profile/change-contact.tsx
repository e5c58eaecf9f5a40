import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import type { attempt } from "../../api/client";
import { me, queries } from "../../api/queries";
import type { components } from "../../api/schema";
import { ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { Form, sorted } from "../../ui/form";
import { Page } from "../../ui/page";
import { CodeField, SendAgain, type Verification } from "../login/code";
import { useKept } from "../login/kept";
import "../login/login.css";
import type { Done } from "./done";

type Account = components["schemas"]["Account"];
type Attempt = ReturnType<typeof attempt>;

const TEXTS = texts({
  nn: {
    profile: "Min profil",
    send: "Send kode",
    sent: (to: string) => `Vi har sendt ein kode til ${to}.`,
    confirm: "Stadfest",
    back: "Endre det eg har skrive",
  },
  nb: {
    profile: "Min profil",
    send: "Send kode",
    sent: (to: string) => `Vi har sendt en kode til ${to}.`,
    confirm: "Bekreft",
    back: "Endre det jeg har skrevet",
  },
  en: {
    profile: "My profile",
    send: "Send a code",
    sent: (to: string) => `We have sent a code to ${to}.`,
    confirm: "Confirm",
    back: "Change what I have typed",
  },
});

/** What is kept of it over a reload: no code. */
type Step = { contact: string; verification: Verification | null };

/** Changes an e-mail or a mobile number, once its owner has shown the code that goes there. */
export function ChangeContact({
  kept,
  title,
  field,
  ask,
  confirm,
  children,
}: {
  /** What is changed; its step is kept under this name. */
  kept: Done;
  title: string;
  /** The name of the field that the new contact is sent in. */
  field: string;
  ask: (contact: string, headers: Attempt) => Promise<Verification>;
  confirm: (body: { verificationId: string; code: string }, headers: Attempt) => Promise<Account>;
  children: (given: {
    value: string;
    onText: (text: string) => void;
    problem: string | undefined;
  }) => ComponentChildren;
}) {
  const words = said(TEXTS);
  const [, go] = useLocation();
  const nothing: Step = { contact: "", verification: null };
  const [step, keep] = useKept(kept, nothing);
  const [contact, setContact] = useState(step.contact);
  const [code, setCode] = useState("");
  const asking = useAction(async (to: string, headers) => {
    keep({ contact: to, verification: await ask(to, headers) });
  });
  const confirming = useAction(async (body: { verificationId: string; code: string }, headers) => {
    queries.setQueryData(me.queryKey, await confirm(body, headers));
    keep(nothing);
    go(ROUTES.profile, { state: { done: kept } });
  });
  const { verification } = step;
  const error = verification ? (confirming.error ?? asking.error) : asking.error;
  const wrong = sorted<string>(error, { code: [], [field]: ["CHANNEL_NOT_IN_USE"] });
  return (
    <Page
      key={verification ? "confirm" : "write"}
      title={title}
      back={{ to: ROUTES.profile, text: words.profile }}
    >
      <div class="access">
        {verification ? (
          <>
            <p>{words.sent(step.contact)}</p>
            <div class="ds-card stack">
              <Form
                submit={words.confirm}
                busy={confirming.busy}
                error={error}
                rest={wrong.rest}
                onSubmit={() => void confirming.run({ verificationId: verification.id, code })}
              >
                <CodeField value={code} onText={setCode} problem={wrong.at.code} />
              </Form>
            </div>
            <SendAgain
              expiresAt={verification.expiresAt}
              busy={asking.busy}
              onAgain={() => asking.run(step.contact)}
            >
              <Button variant="tertiary" onClick={() => keep({ ...step, verification: null })}>
                {words.back}
              </Button>
            </SendAgain>
          </>
        ) : (
          <div class="ds-card stack">
            <Form
              submit={words.send}
              busy={asking.busy}
              error={error}
              rest={wrong.rest}
              onSubmit={() => void asking.run(contact)}
            >
              {children({ value: contact, onText: setContact, problem: wrong.at[field] })}
            </Form>
          </div>
        )}
      </div>
    </Page>
  );
}
