import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { answerOf, api } from "../../api/client";
import type { components } from "../../api/schema";
import { ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button, ButtonLink } from "../../ui/button";
import { TextField } from "../../ui/field";
import { Form, sorted } from "../../ui/form";
import { Notice } from "../../ui/notice";
import { Page } from "../../ui/page";
import { type Again, CodeField, SendAgain, type Verification } from "./code";
import { handOver } from "./handover";
import { useKept } from "./kept";
import "./login.css";

type Recovered = components["schemas"]["ConfirmCustomerRecoveryResponse"]["customers"][number];

const TEXTS = texts({
  nn: {
    title: "Finn kundenummer og PIN",
    intro:
      "Skriv e-posten eller mobilnummeret som vi har registrert på deg. Vi sender ein kode dit. Med koden får du kundenummeret og ein ny PIN.",
    contact: "E-post eller mobil",
    send: "Send kode",
    check: "Skriv koden",
    sent: (contact: string) => `Er ${contact} registrert hos oss, kjem det ein kode dit no.`,
    show: "Vis kundenummer og PIN",
    back: "Bruk ein annan e-post eller mobil",
    found: "Her er kundenummeret ditt",
    foundMore: "Her er kundenummera dine",
    once: "Skriv ned PIN-en no: han blir vist berre denne eine gongen. PIN-en du hadde før, gjeld ikkje lenger.",
    number: "Kundenummer",
    pin: "PIN",
    register: "Registrer deg med desse",
    hasAccount: "Du har alt ein konto, så det er nok å logge inn.",
    login: "Logg inn",
    help: "Framleis ingen kode? Då har vi kanskje ein annan e-post eller mobil på deg.",
    helpLink: "Kontakt kundeservice",
  },
  nb: {
    title: "Finn kundenummer og PIN",
    intro:
      "Skriv e-posten eller mobilnummeret som vi har registrert på deg. Vi sender en kode dit. Med koden får du kundenummeret og en ny PIN.",
    contact: "E-post eller mobil",
    send: "Send kode",
    check: "Skriv koden",
    sent: (contact: string) => `Er ${contact} registrert hos oss, kommer det en kode dit nå.`,
    show: "Vis kundenummer og PIN",
    back: "Bruk en annen e-post eller mobil",
    found: "Her er kundenummeret ditt",
    foundMore: "Her er kundenumrene dine",
    once: "Skriv ned PIN-en nå: den blir vist bare denne ene gangen. PIN-en du hadde før, gjelder ikke lenger.",
    number: "Kundenummer",
    pin: "PIN",
    register: "Registrer deg med disse",
    hasAccount: "Du har allerede en konto, så det er nok å logge inn.",
    login: "Logg inn",
    help: "Fortsatt ingen kode? Da har vi kanskje en annen e-post eller mobil på deg.",
    helpLink: "Kontakt kundeservice",
  },
  en: {
    title: "Find your customer number and PIN",
    intro:
      "Enter the e-mail or mobile number that we have on file for you. We send a code there. With the code you get the customer number and a new PIN.",
    contact: "E-mail or mobile",
    send: "Send a code",
    check: "Enter the code",
    sent: (contact: string) => `If we have ${contact} on file, a code is on its way there.`,
    show: "Show customer number and PIN",
    back: "Use another e-mail or mobile",
    found: "Here is your customer number",
    foundMore: "Here are your customer numbers",
    once: "Write down the PIN now: it is shown this once. The PIN that you had before no longer works.",
    number: "Customer number",
    pin: "PIN",
    register: "Register with these",
    hasAccount: "You already have an account, so all you need to do is log in.",
    login: "Log in",
    help: "Still no code? We may have another e-mail or mobile on file for you.",
    helpLink: "Contact customer service",
  },
});

/** What is kept of it over a reload: no PIN and no code. */
type Step = { contact: string; verification: Verification | null };

/** Finds a lost customer number or PIN, with a code that goes to the contact on file. */
export default function Recover() {
  const words = said(TEXTS);
  const [step, keep] = useKept<Step>("recover", { contact: "", verification: null });
  const [contact, setContact] = useState(step.contact);
  const [customers, setCustomers] = useState<readonly Recovered[] | null>(null);
  const ask = useAction(async (body: { contact: string }, headers) => {
    const verification = await answerOf(
      api.POST("/v1/customers:recover", { params: { header: headers }, body }),
    );
    keep({ ...body, verification });
  });

  if (customers) return <Found customers={customers} />;
  if (step.verification) {
    return (
      <Confirm
        step={{ contact: step.contact, verification: step.verification }}
        again={{ ...ask, send: () => ask.run({ contact: step.contact }) }}
        onBack={() => keep({ ...step, verification: null })}
        onFound={(found) => {
          keep({ contact: "", verification: null });
          setCustomers(found);
        }}
      />
    );
  }
  const wrong = sorted(ask.error, { contact: ["CHANNEL_NOT_IN_USE"] });
  return (
    <Page title={words.title} back={{ to: ROUTES.login, text: words.login }}>
      <div class="access">
        <p>{words.intro}</p>
        <div class="ds-card stack">
          <Form
            submit={words.send}
            busy={ask.busy}
            error={ask.error}
            rest={wrong.rest}
            onSubmit={() => void ask.run({ contact })}
          >
            <TextField
              label={words.contact}
              autocomplete="email"
              autocapitalize="off"
              spellcheck={false}
              required
              value={contact}
              onText={setContact}
              problem={wrong.at.contact}
            />
          </Form>
        </div>
      </div>
    </Page>
  );
}

function Confirm({
  step,
  again,
  onBack,
  onFound,
}: {
  step: { contact: string; verification: Verification };
  again: Again;
  onBack: () => void;
  onFound: (customers: readonly Recovered[]) => void;
}) {
  const words = said(TEXTS);
  const [code, setCode] = useState("");
  const confirm = useAction(async (body: { verificationId: string; code: string }, headers) => {
    const { customers } = await answerOf(
      api.POST("/v1/customers:confirmRecovery", { params: { header: headers }, body }),
    );
    onFound(customers);
  });
  const wrong = sorted(confirm.error ?? again.error, { code: [] });
  return (
    <Page title={words.check}>
      <div class="access">
        <p>{words.sent(step.contact)}</p>
        <div class="ds-card stack">
          <Form
            submit={words.show}
            busy={confirm.busy}
            error={confirm.error}
            rest={wrong.rest}
            onSubmit={() => void confirm.run({ verificationId: step.verification.id, code })}
          >
            <CodeField value={code} onText={setCode} problem={wrong.at.code} />
          </Form>
        </div>
        <SendAgain expiresAt={step.verification.expiresAt} busy={again.busy} onAgain={again.send}>
          <p class="quiet">
            {words.help}{" "}
            <Link class="ds-link" href={ROUTES.help}>
              {words.helpLink}
            </Link>
          </p>
          <Button variant="tertiary" onClick={onBack}>
            {words.back}
          </Button>
        </SendAgain>
      </div>
    </Page>
  );
}

function Found({ customers }: { customers: readonly Recovered[] }) {
  const words = said(TEXTS);
  const [, go] = useLocation();
  return (
    <Page title={customers.length > 1 ? words.foundMore : words.found}>
      <div class="access">
        <Notice color="warning">{words.once}</Notice>
        {customers.map(({ customerNumber, name, pin, hasAccount }) => (
          <section key={customerNumber} class="ds-card stack">
            <h2 class="ds-heading" data-size="xs">
              {name}
            </h2>
            <dl class="number-facts">
              <div>
                <dt>{words.number}</dt>
                <dd class="secret">{customerNumber}</dd>
              </div>
              <div>
                <dt>{words.pin}</dt>
                <dd class="secret">{pin}</dd>
              </div>
            </dl>
            {hasAccount ? (
              <>
                <p>{words.hasAccount}</p>
                <ButtonLink to={ROUTES.login} wide>
                  {words.login}
                </ButtonLink>
              </>
            ) : (
              <Button
                wide
                onClick={() => {
                  handOver({ customerNumber, pin });
                  go(ROUTES.register);
                }}
              >
                {words.register}
              </Button>
            )}
          </section>
        ))}
      </div>
    </Page>
  );
}
