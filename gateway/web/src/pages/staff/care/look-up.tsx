import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { answerOf, api } from "../../../api/client";
import type { components } from "../../../api/schema";
import { ROUTES } from "../../../routes";
import { language, said, texts } from "../../../texts/language";
import { useAction } from "../../../ui/action";
import { Button } from "../../../ui/button";
import { Dialog } from "../../../ui/dialog";
import { DialogForm } from "../../../ui/dialog-form";
import { Failed } from "../../../ui/failed";
import { TextArea, TextField } from "../../../ui/field";
import { sorted } from "../../../ui/form";
import { Notice } from "../../../ui/notice";
import { Page } from "../../../ui/page";
import { ForStaff } from "../for-staff";
import { CHANNELS } from "../news/reasons";
import { purposes } from "../queries";
import "../staff.css";
import "./care.css";

type Found = components["schemas"]["CustomerRecord"];
type Customer = components["schemas"]["Customer"];
type Channel = components["schemas"]["Channel"];

const TEXTS = texts({
  nn: {
    title: "Kundeoppslag",
    back: "For tilsette",
    intro:
      "Slå berre opp kundar som du har grunn til å hjelpe. Kven som slo opp og kvifor, blir skrive ned.",
    number: "Kundenummer",
    reason: "Grunn",
    reasonHint: "Kunden kan lese dette. Skriv ingen personopplysningar her: det blir teke vare på.",
    look: "Slå opp",
    status: "Status",
    statuses: {
      STATUS_UNSPECIFIED: "Kunde",
      ACTIVE: "Kunde",
      MOVED: "Har flytta",
      DECEASED: "Død",
    },
    email: "E-post hos oss",
    mobile: "Mobil hos oss",
    account: "Konto",
    noAccount: "Har ingen konto",
    none: "Ingen",
    pin: "Lag ny PIN",
    pinText: "Den gamle PIN-koden sluttar å verke. Den nye blir vist éin gong.",
    pinIs: (number: string) => `Ny PIN for kunde ${number}`,
    pinOnce: "Les han opp for kunden no. Han er ikkje lagra nokon stad og blir ikkje vist igjen.",
    pinDone: "Ferdig, gøym PIN-koden",
    reset: "Fjern tofaktor",
    resetText:
      "Autentiseringsapp, gjenopprettingskodar og passnøklar blir fjerna, og alle einingar blir logga ut. Gjer dette berre når du er sikker på kven som ringjer. Kunden får melding.",
    resetDone: "Tofaktor er fjerna. Kunden loggar inn med passord åleine.",
    end: "Logg ut overalt",
    endText:
      "Alle einingar blir logga ut. Den som kan passordet, kan framleis logge inn. Gjer dette berre når du er sikker på kven som ringjer.",
    endDone: (count: string) => `Logga ut. Innloggingar som tok slutt: ${count}.`,
    withdraw: "Trekk samtykke",
    withdrawText:
      "Trekk tilbake det kunden ber om. Å trekkje verkar med ein gong; berre kunden sjølv kan seie ja igjen.",
    everything: "Alt som har kanal",
    choose: "Kva blir trekt",
    withdrawn: (count: string) =>
      `Skrive ned: ${count} ${count === "1" ? "trekt" : "trekte"} samtykke.`,
    wasNo: "Alt var eit nei frå før. Ingenting er endra.",
  },
  nb: {
    title: "Kundeoppslag",
    back: "For ansatte",
    intro:
      "Slå bare opp kunder som du har grunn til å hjelpe. Hvem som slo opp og hvorfor, skrives ned.",
    number: "Kundenummer",
    reason: "Grunn",
    reasonHint: "Kunden kan lese dette. Skriv ingen personopplysninger her: det blir tatt vare på.",
    look: "Slå opp",
    status: "Status",
    statuses: {
      STATUS_UNSPECIFIED: "Kunde",
      ACTIVE: "Kunde",
      MOVED: "Har flyttet",
      DECEASED: "Død",
    },
    email: "E-post hos oss",
    mobile: "Mobil hos oss",
    account: "Konto",
    noAccount: "Har ingen konto",
    none: "Ingen",
    pin: "Lag ny PIN",
    pinText: "Den gamle PIN-koden slutter å virke. Den nye vises én gang.",
    pinIs: (number: string) => `Ny PIN for kunde ${number}`,
    pinOnce: "Les den opp for kunden nå. Den er ikke lagret noe sted og vises ikke igjen.",
    pinDone: "Ferdig, skjul PIN-koden",
    reset: "Fjern tofaktor",
    resetText:
      "Autentiseringsapp, gjenopprettingskoder og passnøkler fjernes, og alle enheter logges ut. Gjør dette bare når du er sikker på hvem som ringer. Kunden får melding.",
    resetDone: "Tofaktor er fjernet. Kunden logger inn med passord alene.",
    end: "Logg ut overalt",
    endText:
      "Alle enheter logges ut. Den som kan passordet, kan fortsatt logge inn. Gjør dette bare når du er sikker på hvem som ringer.",
    endDone: (count: string) => `Logget ut. Innlogginger som tok slutt: ${count}.`,
    withdraw: "Trekk samtykke",
    withdrawText:
      "Trekk tilbake det kunden ber om. Å trekke virker med en gang; bare kunden selv kan si ja igjen.",
    everything: "Alt som har kanal",
    choose: "Hva trekkes",
    withdrawn: (count: string) =>
      `Skrevet ned: ${count} ${count === "1" ? "trukket samtykke" : "trukne samtykker"}.`,
    wasNo: "Alt var et nei fra før. Ingenting er endret.",
  },
  en: {
    title: "Customer look-up",
    back: "For staff",
    intro:
      "Look up only customers whom you have a reason to help. Who looked and why is written down.",
    number: "Customer number",
    reason: "Reason",
    reasonHint: "The customer can read this. Write no personal data here: it is kept.",
    look: "Look up",
    status: "Status",
    statuses: {
      STATUS_UNSPECIFIED: "Customer",
      ACTIVE: "Customer",
      MOVED: "Has moved",
      DECEASED: "Deceased",
    },
    email: "E-mail on file",
    mobile: "Mobile on file",
    account: "Account",
    noAccount: "Has no account",
    none: "None",
    pin: "Make a new PIN",
    pinText: "The old PIN stops working. The new one is shown once.",
    pinIs: (number: string) => `New PIN for customer ${number}`,
    pinOnce: "Read it to the customer now. It is kept nowhere and will not be shown again.",
    pinDone: "Done, hide the PIN",
    reset: "Remove second factors",
    resetText:
      "Authenticator app, recovery codes and passkeys are removed, and all devices are logged out. Do this only when you are sure who calls. The customer is told.",
    resetDone: "The second factors are removed. The customer logs in with the password alone.",
    end: "Log out everywhere",
    endText:
      "All devices are logged out. Whoever knows the password can still log in. Do this only when you are sure who calls.",
    endDone: (count: string) => `Logged out. Logins that ended: ${count}.`,
    withdraw: "Withdraw consent",
    withdrawText:
      "Withdraw what the customer asks for. Withdrawing works at once; only the customer can say yes again.",
    everything: "Everything with a channel",
    choose: "What is withdrawn",
    withdrawn: (count: string) =>
      `Written down: ${count} withdrawn ${count === "1" ? "consent" : "consents"}.`,
    wasNo: "All was a no before. Nothing has changed.",
  },
});

/** Finds a customer who calls, for a reason that the customer can read. */
export default function LookUp() {
  const words = said(TEXTS);
  const [number, setNumber] = useState("");
  const [reason, setReason] = useState("");
  const [found, setFound] = useState<Found | null>(null);
  const look = useAction(async (body: { customerNumber: string; reason: string }) => {
    setFound(null);
    setFound(await answerOf(api.POST("/v1/customers:lookUp", { body })));
  });
  const wrong = sorted(look.error, { customerNumber: [], reason: [] });
  return (
    <ForStaff roles={["CUSTOMER_SERVICE"]}>
      <Page title={words.title} back={{ to: ROUTES.staff, text: words.back }} wide>
        <p>{words.intro}</p>
        <div class="beside">
          <form
            class="ds-card stack"
            onSubmit={(event) => {
              event.preventDefault();
              void look.run({ customerNumber: number.trim(), reason });
            }}
          >
            <TextField
              label={words.number}
              inputMode="numeric"
              autocomplete="off"
              required
              value={number}
              onText={setNumber}
              problem={wrong.at.customerNumber}
            />
            <TextArea
              label={words.reason}
              hint={words.reasonHint}
              required
              maxLength={500}
              rows={3}
              value={reason}
              onText={setReason}
              problem={wrong.at.reason}
            />
            {wrong.rest !== null && <Failed error={wrong.rest} />}
            <div class="row">
              <Button type="submit" busy={look.busy}>
                {words.look}
              </Button>
            </div>
          </form>
          <div aria-live="polite">
            {found?.customer && (
              <Record
                key={found.customer.id}
                found={found}
                customer={found.customer}
                reason={reason}
              />
            )}
          </div>
        </div>
      </Page>
    </ForStaff>
  );
}

function Record({ found, customer, reason }: { found: Found; customer: Customer; reason: string }) {
  const words = said(TEXTS);
  const [asks, setAsks] = useState<"pin" | "reset" | "end" | "withdraw" | null>(null);
  const [told, setTold] = useState<string | null>(null);
  const close = () => setAsks(null);
  const tell = (text: string) => {
    setTold(text);
    close();
  };
  const dialog = { customer, reason, onClose: close, onDone: tell };
  return (
    <section class="ds-card stack">
      <h2 class="ds-heading" data-size="sm">
        {customer.name}
      </h2>
      <dl class="staff-facts">
        <dt>{words.number}</dt>
        <dd class="number">{customer.customerNumber}</dd>
        <dt>{words.status}</dt>
        <dd>{words.statuses[customer.status]}</dd>
        <dt>{words.email}</dt>
        <dd>{found.email || words.none}</dd>
        <dt>{words.mobile}</dt>
        <dd>{found.mobile || words.none}</dd>
        <dt>{words.account}</dt>
        <dd>{found.accountEmail || words.noAccount}</dd>
      </dl>
      {told !== null && (
        <Notice color="success">
          <p>{told}</p>
        </Notice>
      )}
      <div class="row">
        <Button variant="secondary" onClick={() => setAsks("pin")}>
          {words.pin}
        </Button>
        {found.accountEmail && (
          <>
            <Button variant="secondary" onClick={() => setAsks("reset")}>
              {words.reset}
            </Button>
            <Button variant="secondary" onClick={() => setAsks("end")}>
              {words.end}
            </Button>
          </>
        )}
        <Button variant="secondary" onClick={() => setAsks("withdraw")}>
          {words.withdraw}
        </Button>
      </div>
      {asks === "pin" && <PinDialog {...dialog} />}
      {asks === "reset" && <ResetDialog {...dialog} />}
      {asks === "end" && <EndDialog {...dialog} />}
      {asks === "withdraw" && <WithdrawDialog {...dialog} />}
    </section>
  );
}

type Act = {
  customer: Customer;
  /** What the customer was looked up for, to begin with. */
  reason: string;
  onClose: () => void;
  onDone: (told: string) => void;
};

function PinDialog({ customer, reason, onClose }: Act) {
  const words = said(TEXTS);
  const [pin, setPin] = useState<string | null>(null);
  const issue = useAction(async (given: string, headers) => {
    const issued = await answerOf(
      api.POST("/v1/customers:issuePin", {
        params: { header: headers },
        body: { customerNumber: customer.customerNumber, reason: given },
      }),
    );
    setPin(issued.pin);
  });
  if (pin !== null) {
    return (
      <Dialog title={words.pinIs(customer.customerNumber)} onClose={onClose}>
        <p class="pin number">{pin.replace(/(\d{4})(?=\d)/g, "$1 ")}</p>
        <p>{words.pinOnce}</p>
        <Button onClick={onClose}>{words.pinDone}</Button>
      </Dialog>
    );
  }
  return (
    <ReasonDialog
      title={words.pin}
      text={words.pinText}
      begun={reason}
      action={issue}
      onClose={onClose}
    />
  );
}

function ResetDialog({ customer, reason, onClose, onDone }: Act) {
  const words = said(TEXTS);
  const reset = useAction(async (given: string, headers) => {
    await answerOf(
      api.POST("/v1/customers:resetSecondFactors", {
        params: { header: headers },
        body: { customerNumber: customer.customerNumber, reason: given },
      }),
    );
    onDone(words.resetDone);
  });
  return (
    <ReasonDialog
      title={words.reset}
      text={words.resetText}
      begun={reason}
      action={reset}
      isGrave
      onClose={onClose}
    />
  );
}

function EndDialog({ customer, reason, onClose, onDone }: Act) {
  const words = said(TEXTS);
  const end = useAction(async (given: string, headers) => {
    const { ended } = await answerOf(
      api.POST("/v1/customers:endSessions", {
        params: { header: headers },
        body: { customerNumber: customer.customerNumber, reason: given },
      }),
    );
    onDone(words.endDone(String(ended)));
  });
  return (
    <ReasonDialog
      title={words.end}
      text={words.endText}
      begun={reason}
      action={end}
      isGrave
      onClose={onClose}
    />
  );
}

const EVERYTHING = "";

function WithdrawDialog({ customer, reason, onClose, onDone }: Act) {
  const words = said(TEXTS);
  const { data } = useQuery(purposes);
  const [chosen, setChosen] = useState<readonly string[]>([EVERYTHING]);
  const pairs: (readonly [string, string, Channel])[] = (data?.purposes ?? []).flatMap((purpose) =>
    purpose.channels.map((channel) => {
      const name = { nn: purpose.nameNn, nb: purpose.nameNb, en: purpose.nameEn }[language.value];
      return [`${name}: ${said(CHANNELS)[channel]}`, purpose.id, channel] as const;
    }),
  );
  const withdraw = useAction(async (given: string, headers) => {
    const named = pairs
      .filter(([name]) => chosen.includes(name))
      .map(([, purpose, channel]) => ({ purpose, channel }));
    const { decisions } = await answerOf(
      api.POST("/v1/customers/{customer_id}/consents:withdraw", {
        params: { path: { customer_id: customer.id }, header: headers },
        body: { reason: given, ...(chosen.includes(EVERYTHING) ? {} : { pairs: named }) },
      }),
    );
    onDone(decisions.length > 0 ? words.withdrawn(String(decisions.length)) : words.wasNo);
  });
  const toggle = (name: string) => {
    if (name === EVERYTHING) setChosen([EVERYTHING]);
    else {
      const others = chosen.filter((each) => each !== EVERYTHING && each !== name);
      const next = chosen.includes(name) ? others : [...others, name];
      setChosen(next.length > 0 ? next : [EVERYTHING]);
    }
  };
  const options = [[words.everything, EVERYTHING], ...pairs.map(([name]) => [name, name])] as const;
  return (
    <ReasonDialog
      title={words.withdraw}
      text={words.withdrawText}
      begun={reason}
      action={withdraw}
      onClose={onClose}
    >
      <fieldset class="ds-fieldset">
        <legend class="ds-label">{words.choose}</legend>
        {options.map(([label, name]) => (
          <label key={name} class="care-tick">
            <input
              type="checkbox"
              class="ds-input"
              checked={chosen.includes(name ?? EVERYTHING)}
              onChange={() => toggle(name ?? EVERYTHING)}
            />
            {label}
          </label>
        ))}
      </fieldset>
    </ReasonDialog>
  );
}

/** Asks why something is done to a customer, and does it. */
function ReasonDialog({
  title,
  text,
  begun,
  action,
  isGrave = false,
  onClose,
  children,
}: {
  title: string;
  text: string;
  begun: string;
  action: ReturnType<typeof useAction<string>>;
  isGrave?: boolean;
  onClose: () => void;
  children?: preact.ComponentChildren;
}) {
  const words = said(TEXTS);
  const [reason, setReason] = useState(begun);
  const wrong = sorted(action.error, { reason: [] });
  return (
    <DialogForm
      title={title}
      submit={title}
      color={isGrave ? "danger" : "accent"}
      action={action}
      rest={wrong.rest}
      onSubmit={() => {
        void action.run(reason);
      }}
      onClose={onClose}
    >
      <p>{text}</p>
      {children}
      <TextArea
        label={words.reason}
        hint={words.reasonHint}
        required
        maxLength={500}
        rows={2}
        value={reason}
        onText={setReason}
        problem={wrong.at.reason}
      />
    </DialogForm>
  );
}
