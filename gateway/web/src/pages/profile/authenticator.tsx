import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { answerOf, api } from "../../api/client";
import { queries, useMe } from "../../api/queries";
import type { components } from "../../api/schema";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { Failed } from "../../ui/failed";
import { Form, sorted } from "../../ui/form";
import { Loaded } from "../../ui/loaded";
import { Notice } from "../../ui/notice";
import { Qr } from "../../ui/qr";
import { CodeField } from "../login/code";
import { Confirm } from "./confirm";
import { secondFactors } from "./queries";
import { RecoveryCodes } from "./recovery-codes";

type Setup = components["schemas"]["BeginTotpResponse"];

const TEXTS = texts({
  nn: {
    title: "Autentiseringsapp",
    text: "Ein app på telefonen viser ein kode som du skriv i tillegg til passordet. Då er ikkje passordet åleine nok for nokon som har funne det.",
    on: "På",
    off: "Av",
    left: (count: number) => `${count} gjenopprettingskodar att`,
    few: "Du har få gjenopprettingskodar att. Lag nye, så du kjem inn om du mistar telefonen.",
    setUp: "Set opp app",
    another: "Byt app",
    renew: "Nye gjenopprettingskodar",
    remove: "Slå av",
    removeTitle: "Slå av autentiseringsappen?",
    removeText:
      "Då er passordet åleine nok til å logge inn, og gjenopprettingskodane sluttar å verke.",
    renewTitle: "Lage nye gjenopprettingskodar?",
    renewText: "Du får ti nye, og dei du har frå før, sluttar å verke.",
    renewYes: "Lag nye",
    scan: "Skann koden med ein autentiseringsapp, til dømes Google Authenticator, Microsoft Authenticator eller den som er i telefonen.",
    qr: "QR-kode for autentiseringsappen",
    orType: "Er du på telefonen, eller kan du ikkje skanne? Skriv denne nøkkelen i appen:",
    open: "Opne i appen på denne eininga",
    code: "Koden som appen viser",
    confirm: "Slå på",
    cancel: "Avbryt",
    offDone: "Autentiseringsappen er slått av.",
  },
  nb: {
    title: "Autentiseringsapp",
    text: "En app på telefonen viser en kode som du skriver i tillegg til passordet. Da er ikke passordet alene nok for noen som har funnet det.",
    on: "På",
    off: "Av",
    left: (count: number) => `${count} gjenopprettingskoder igjen`,
    few: "Du har få gjenopprettingskoder igjen. Lag nye, så du kommer inn om du mister telefonen.",
    setUp: "Sett opp app",
    another: "Bytt app",
    renew: "Nye gjenopprettingskoder",
    remove: "Slå av",
    removeTitle: "Slå av autentiseringsappen?",
    removeText:
      "Da er passordet alene nok til å logge inn, og gjenopprettingskodene slutter å virke.",
    renewTitle: "Lage nye gjenopprettingskoder?",
    renewText: "Du får ti nye, og de du har fra før, slutter å virke.",
    renewYes: "Lag nye",
    scan: "Skann koden med en autentiseringsapp, for eksempel Google Authenticator, Microsoft Authenticator eller den som er i telefonen.",
    qr: "QR-kode for autentiseringsappen",
    orType: "Er du på telefonen, eller kan du ikke skanne? Skriv denne nøkkelen i appen:",
    open: "Åpne i appen på denne enheten",
    code: "Koden som appen viser",
    confirm: "Slå på",
    cancel: "Avbryt",
    offDone: "Autentiseringsappen er slått av.",
  },
  en: {
    title: "Authenticator app",
    text: "An app on your phone shows a code that you enter beside your password. Then the password alone is not enough for somebody who has found it.",
    on: "On",
    off: "Off",
    left: (count: number) => `${count} recovery codes left`,
    few: "You have few recovery codes left. Make new ones, so that you get in if you lose your phone.",
    setUp: "Set up an app",
    another: "Change the app",
    renew: "New recovery codes",
    remove: "Turn off",
    removeTitle: "Turn off the authenticator app?",
    removeText: "Then the password alone is enough to log in, and the recovery codes stop working.",
    renewTitle: "Make new recovery codes?",
    renewText: "You get ten new ones, and those that you have stop working.",
    renewYes: "Make new ones",
    scan: "Scan the code with an authenticator app, such as Google Authenticator, Microsoft Authenticator or the one in your phone.",
    qr: "QR code for the authenticator app",
    orType: "On your phone, or no way to scan? Enter this key in the app:",
    open: "Open in the app on this device",
    code: "The code that the app shows",
    confirm: "Turn on",
    cancel: "Cancel",
    offDone: "The authenticator app is turned off.",
  },
});
const FEW = 3;

/** A second factor: sets up an app for it, with its recovery codes, and takes it away. */
export function Authenticator() {
  const words = said(TEXTS);
  const query = useQuery(secondFactors);
  const isStaff = (useMe().data?.roles.length ?? 0) > 0;
  const [setup, setSetup] = useState<Setup | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const [asks, setAsks] = useState<"renew" | "remove" | null>(null);

  const begin = useAction(async (_, headers) => {
    setSetup(await answerOf(api.POST("/v1/me/totp:begin", { params: { header: headers } })));
  });
  const renew = useAction(async (_, headers) => {
    const answer = await answerOf(
      api.POST("/v1/me/recoveryCodes:renew", { params: { header: headers } }),
    );
    await queries.invalidateQueries(secondFactors);
    setCodes(answer.recoveryCodes);
    setAsks(null);
  });
  const remove = useAction(async (_, headers) => {
    await api.DELETE("/v1/me/totp", { params: { header: headers } });
    await queries.invalidateQueries(secondFactors);
    setAsks(null);
  });

  return (
    <section class="ds-card stack">
      <div class="heading-row">
        <h2 class="ds-heading" data-size="xs">
          {words.title}
        </h2>
        {query.data && (
          <span class="ds-tag" data-color={query.data.totp ? "success" : "neutral"}>
            {query.data.totp ? words.on : words.off}
          </span>
        )}
      </div>
      {remove.isDone && <Notice color="success">{words.offDone}</Notice>}
      {codes ? (
        <RecoveryCodes codes={codes} onDone={() => setCodes(null)} />
      ) : setup ? (
        <SetUp
          setup={setup}
          onCancel={() => setSetup(null)}
          onCodes={(given) => {
            setSetup(null);
            setCodes(given);
          }}
        />
      ) : (
        <>
          <p class="quiet">{words.text}</p>
          <Loaded query={query}>
            {({ totp, recoveryCodesLeft }) => (
              <>
                {totp &&
                  (recoveryCodesLeft > FEW ? (
                    <p>{words.left(recoveryCodesLeft)}</p>
                  ) : (
                    <Notice color="warning">
                      <p>
                        <strong>{words.left(recoveryCodesLeft)}</strong>
                      </p>
                      <p>{words.few}</p>
                    </Notice>
                  ))}
                <div class="actions">
                  {totp && (
                    <Button variant="secondary" onClick={() => setAsks("renew")}>
                      {words.renew}
                    </Button>
                  )}
                  <Button variant="secondary" busy={begin.busy} onClick={() => void begin.run()}>
                    {totp ? words.another : words.setUp}
                  </Button>
                  {totp && !isStaff && (
                    <Button variant="tertiary" color="danger" onClick={() => setAsks("remove")}>
                      {words.remove}
                    </Button>
                  )}
                </div>
              </>
            )}
          </Loaded>
          {begin.error !== null && <Failed error={begin.error} />}
        </>
      )}
      {asks === "renew" && (
        <Confirm
          title={words.renewTitle}
          yes={words.renewYes}
          action={renew}
          onYes={() => void renew.run()}
          onClose={() => setAsks(null)}
        >
          <p>{words.renewText}</p>
        </Confirm>
      )}
      {asks === "remove" && (
        <Confirm
          title={words.removeTitle}
          yes={words.remove}
          action={remove}
          onYes={() => void remove.run()}
          onClose={() => setAsks(null)}
        >
          <p>{words.removeText}</p>
        </Confirm>
      )}
    </section>
  );
}

function SetUp({
  setup,
  onCancel,
  onCodes,
}: {
  setup: Setup;
  onCancel: () => void;
  onCodes: (codes: readonly string[]) => void;
}) {
  const words = said(TEXTS);
  const [code, setCode] = useState("");
  const confirm = useAction(async (body: { code: string }, headers) => {
    const { recoveryCodes } = await answerOf(
      api.POST("/v1/me/totp:confirm", { params: { header: headers }, body }),
    );
    await queries.invalidateQueries(secondFactors);
    onCodes(recoveryCodes);
  });
  const wrong = sorted(confirm.error, { code: ["WRONG_SECOND_FACTOR"] });
  return (
    <>
      <p>{words.scan}</p>
      <Qr text={setup.uri} label={words.qr} />
      <p>{words.orType}</p>
      <p class="secret">{inGroups(setup.secret)}</p>
      <p>
        <a class="ds-link link-row" href={setup.uri}>
          {words.open}
        </a>
      </p>
      <div class="narrow stack">
        <Form
          submit={words.confirm}
          busy={confirm.busy}
          error={confirm.error}
          rest={wrong.rest}
          onSubmit={() => void confirm.run({ code })}
        >
          <CodeField label={words.code} value={code} onText={setCode} problem={wrong.at.code} />
        </Form>
        <Button variant="tertiary" wide onClick={onCancel}>
          {words.cancel}
        </Button>
      </div>
    </>
  );
}

/** Four by four, as it is easiest to read off. */
function inGroups(secret: string): string {
  return secret.replace(/(.{4})(?=.)/g, "$1 ");
}
