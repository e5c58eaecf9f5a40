import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { answerOf, api, attempt } from "../../api/client";
import { queries } from "../../api/queries";
import type { components } from "../../api/schema";
import { date } from "../../format";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { TextField } from "../../ui/field";
import { Form } from "../../ui/form";
import { Loaded } from "../../ui/loaded";
import { Notice } from "../../ui/notice";
import { deviceName } from "../login/device";
import { hasPasskeys, made, PasskeyUnused } from "../login/passkey";
import { PasskeyFailed } from "../login/passkey-failed";
import { Confirm } from "./confirm";
import { passkeys, secondFactors } from "./queries";

type Passkey = components["schemas"]["Passkey"];

const TEXTS = texts({
  nn: {
    title: "Passnøklar",
    text: "Logg inn med finger, ansikt eller skjermlås i staden for passord. Ingen kan lure ein passnøkkel frå deg.",
    none: "Du har ingen passnøklar enno.",
    unable: "Denne nettlesaren kan ikkje bruke passnøklar.",
    add: "Legg til passnøkkel",
    name: "Kva skal passnøkkelen heite?",
    nameHint: "Til dømes namnet på telefonen, så du kjenner han att.",
    make: "Lag passnøkkel",
    cancel: "Avbryt",
    added: (when: string) => `Lagt til ${when}`,
    used: (when: string) => `sist brukt ${when}`,
    unused: "aldri brukt",
    remove: "Slett",
    removeNamed: (name: string) => `Slett ${name}`,
    unnamed: "Passnøkkel",
    removeTitle: (name: string) => `Slette «${name}»?`,
    removeText:
      "Du kan ikkje logge inn med denne passnøkkelen lenger. Slett han òg på eininga, så ho ikkje spør etter han.",
    done: "Passnøkkelen er klar. Neste gong kan du logge inn med han.",
  },
  nb: {
    title: "Passnøkler",
    text: "Logg inn med finger, ansikt eller skjermlås i stedet for passord. Ingen kan lure en passnøkkel fra deg.",
    none: "Du har ingen passnøkler ennå.",
    unable: "Denne nettleseren kan ikke bruke passnøkler.",
    add: "Legg til passnøkkel",
    name: "Hva skal passnøkkelen hete?",
    nameHint: "For eksempel navnet på telefonen, så du kjenner den igjen.",
    make: "Lag passnøkkel",
    cancel: "Avbryt",
    added: (when: string) => `Lagt til ${when}`,
    used: (when: string) => `sist brukt ${when}`,
    unused: "aldri brukt",
    remove: "Slett",
    removeNamed: (name: string) => `Slett ${name}`,
    unnamed: "Passnøkkel",
    removeTitle: (name: string) => `Slette «${name}»?`,
    removeText:
      "Du kan ikke logge inn med denne passnøkkelen lenger. Slett den også på enheten, så den ikke spør etter den.",
    done: "Passnøkkelen er klar. Neste gang kan du logge inn med den.",
  },
  en: {
    title: "Passkeys",
    text: "Log in with your finger, face or screen lock instead of a password. Nobody can trick a passkey out of you.",
    none: "You have no passkeys yet.",
    unable: "This browser cannot use passkeys.",
    add: "Add a passkey",
    name: "What shall the passkey be called?",
    nameHint: "The name of your phone, for example, so that you know it again.",
    make: "Make the passkey",
    cancel: "Cancel",
    added: (when: string) => `Added ${when}`,
    used: (when: string) => `last used ${when}`,
    unused: "never used",
    remove: "Remove",
    removeNamed: (name: string) => `Remove ${name}`,
    unnamed: "Passkey",
    removeTitle: (name: string) => `Remove “${name}”?`,
    removeText:
      "You can no longer log in with this passkey. Remove it on the device too, so that it is not offered.",
    done: "The passkey is ready. You can log in with it from now on.",
  },
});

async function fetchAgain(): Promise<void> {
  await Promise.all([
    queries.invalidateQueries(passkeys),
    queries.invalidateQueries(secondFactors),
  ]);
}

/** The passkeys of the account; the device that is at hand can make one. */
export function Passkeys() {
  const words = said(TEXTS);
  const query = useQuery(passkeys);
  const [name, setName] = useState<string | null>(null);
  const [removed, setRemoved] = useState<Passkey | null>(null);
  // Each time a new challenge is answered, so each time it is another attempt.
  const add = useAction(async (called: string) => {
    const challenge = await answerOf(
      api.POST("/v1/me/passkeys:begin", { params: { header: attempt() } }),
    );
    await api.POST("/v1/me/passkeys:confirm", {
      params: { header: attempt() },
      body: { answer: await made(challenge), name: called },
    });
    await fetchAgain();
    setName(null);
  });
  const remove = useAction(async (id: string, headers) => {
    await api.DELETE("/v1/me/passkeys/{passkey_id}", {
      params: { path: { passkey_id: id }, header: headers },
    });
    await fetchAgain();
    setRemoved(null);
  });
  const isDevices = add.error instanceof PasskeyUnused;
  return (
    <section class="ds-card stack">
      <h2 class="ds-heading" data-size="xs">
        {words.title}
      </h2>
      <p class="quiet">{words.text}</p>
      {add.isDone && <Notice color="success">{words.done}</Notice>}
      <Loaded query={query}>
        {(all) =>
          all.length === 0 ? (
            <p>{words.none}</p>
          ) : (
            <ul class="lines">
              {all.map((each) => (
                <li key={each.id} class="line">
                  <div>
                    <p class="name">{each.name || words.unnamed}</p>
                    <p class="quiet">
                      {each.createdAt && `${words.added(date(each.createdAt))}, `}
                      {each.lastUsedAt ? words.used(date(each.lastUsedAt)) : words.unused}
                    </p>
                  </div>
                  <Button
                    variant="tertiary"
                    color="danger"
                    aria-label={words.removeNamed(each.name || words.unnamed)}
                    onClick={() => {
                      remove.forget();
                      setRemoved(each);
                    }}
                  >
                    {words.remove}
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {!hasPasskeys && <p>{words.unable}</p>}
      {hasPasskeys && name === null && (
        <div>
          <Button
            variant="secondary"
            onClick={() => {
              add.forget();
              setName(deviceName());
            }}
          >
            {words.add}
          </Button>
        </div>
      )}
      {name !== null && (
        <div class="narrow stack">
          <Form
            submit={words.make}
            busy={add.busy}
            error={add.error}
            rest={isDevices ? null : add.error}
            onSubmit={() => void add.run(name)}
          >
            <TextField
              label={words.name}
              hint={words.nameHint}
              autocomplete="off"
              maxLength={100}
              value={name}
              onText={setName}
            />
            {isDevices && <PasskeyFailed error={add.error} />}
          </Form>
          <Button variant="tertiary" wide onClick={() => setName(null)}>
            {words.cancel}
          </Button>
        </div>
      )}
      {removed && (
        <Confirm
          title={words.removeTitle(removed.name || words.unnamed)}
          yes={words.remove}
          action={remove}
          onYes={() => void remove.run(removed.id)}
          onClose={() => setRemoved(null)}
        >
          <p>{words.removeText}</p>
        </Confirm>
      )}
    </section>
  );
}
