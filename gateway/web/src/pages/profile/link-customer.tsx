import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { answerOf, api, refreshSession } from "../../api/client";
import { queries } from "../../api/queries";
import { ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Form, sorted } from "../../ui/form";
import { Page } from "../../ui/page";
import { CodeField, SendAgain, type Verification } from "../login/code";
import { useKept } from "../login/kept";
import { NumberAndPin } from "../login/number-and-pin";
import "../login/login.css";
import type { Done } from "./done";

const TEXTS = texts({
  nn: {
    title: "Legg til eit kundeforhold",
    intro:
      "Har du til dømes hytte eller gard med eige kundenummer, kan du sjå det i same konto. PIN-en har du fått av oss.",
    profile: "Min profil",
    add: "Legg til",
    lost: "Mista kundenummer eller PIN?",
    sent: {
      SMS: "PIN-en er av ei eldre ordning. Difor har vi sendt ein kode på SMS til mobilnummeret vi har registrert på kunden.",
      EMAIL:
        "PIN-en er av ei eldre ordning. Difor har vi sendt ein kode til e-postadressa vi har registrert på kunden.",
    },
  },
  nb: {
    title: "Legg til et kundeforhold",
    intro:
      "Har du for eksempel hytte eller gård med eget kundenummer, kan du se det i samme konto. PIN-en har du fått av oss.",
    profile: "Min profil",
    add: "Legg til",
    lost: "Mistet kundenummer eller PIN?",
    sent: {
      SMS: "PIN-en er av en eldre ordning. Derfor har vi sendt en kode på SMS til mobilnummeret vi har registrert på kunden.",
      EMAIL:
        "PIN-en er av en eldre ordning. Derfor har vi sendt en kode til e-postadressen vi har registrert på kunden.",
    },
  },
  en: {
    title: "Add a customer number",
    intro:
      "If you have a cabin or a farm with its own customer number, you can see it in the same account. You have the PIN from us.",
    profile: "My profile",
    add: "Add",
    lost: "Lost your customer number or PIN?",
    sent: {
      SMS: "The PIN is of an older kind. So we have sent a code by SMS to the mobile number that we have on file for the customer.",
      EMAIL:
        "The PIN is of an older kind. So we have sent a code to the e-mail address that we have on file for the customer.",
    },
  },
});

/** What is kept of it over a reload: no PIN and no code. */
type Step = { customerNumber: string; verification: Verification | null };

/** Lets the account stand for a further customer, with customer number and PIN. */
export default function LinkCustomer() {
  const words = said(TEXTS);
  const [, go] = useLocation();
  const nothing: Step = { customerNumber: "", verification: null };
  const [step, keep] = useKept("link-customer", nothing);
  const [customerNumber, setCustomerNumber] = useState(step.customerNumber);
  const [pin, setPin] = useState("");
  const [code, setCode] = useState("");

  const link = useAction(async (body: { customerNumber: string; pin: string }, headers) => {
    const { verification } = await answerOf(
      api.POST("/v1/me/customers:link", { params: { header: headers }, body }),
    );
    if (verification) keep({ customerNumber, verification });
    else await finish();
  });
  const confirm = useAction(async (body: { verificationId: string; code: string }, headers) => {
    await api.POST("/v1/me/customers:confirmLink", { params: { header: headers }, body });
    await finish();
  });

  /** The access token speaks of the new customer once it is renewed. */
  async function finish(): Promise<void> {
    keep(nothing);
    await refreshSession();
    await queries.invalidateQueries();
    go(ROUTES.profile, { state: { done: "link-customer" satisfies Done } });
  }

  const { verification } = step;
  const wrong = sorted(verification ? (confirm.error ?? link.error) : link.error, {
    customerNumber: [],
    pin: ["WRONG_CUSTOMER_NUMBER_OR_PIN"],
    code: [],
  });
  return (
    <Page
      key={verification ? "confirm" : "write"}
      title={words.title}
      back={{ to: ROUTES.profile, text: words.profile }}
    >
      <div class="access">
        {verification ? (
          <>
            {verification.channel !== "CHANNEL_UNSPECIFIED" && (
              <p>{words.sent[verification.channel]}</p>
            )}
            <div class="ds-card stack">
              <Form
                submit={words.add}
                busy={confirm.busy}
                error={confirm.error}
                rest={wrong.rest}
                onSubmit={() => void confirm.run({ verificationId: verification.id, code })}
              >
                <CodeField value={code} onText={setCode} problem={wrong.at.code} />
              </Form>
            </div>
            <SendAgain
              expiresAt={verification.expiresAt}
              busy={link.busy}
              onAgain={async () => {
                if (pin) return link.run({ customerNumber, pin });
                keep({ ...step, verification: null }); // after a reload the PIN is not known
                return false;
              }}
            />
          </>
        ) : (
          <>
            <p>{words.intro}</p>
            <div class="ds-card stack">
              <Form
                submit={words.add}
                busy={link.busy}
                error={link.error}
                rest={wrong.rest}
                onSubmit={() => void link.run({ customerNumber, pin })}
              >
                <NumberAndPin
                  given={{ customerNumber, pin }}
                  problems={wrong.at}
                  onChange={(given) => {
                    setCustomerNumber(given.customerNumber);
                    setPin(given.pin);
                  }}
                />
              </Form>
            </div>
            <p>
              <Link class="ds-link link-row" href={ROUTES.recover}>
                {words.lost}
              </Link>
            </p>
          </>
        )}
      </div>
    </Page>
  );
}
