import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { leaveFor } from "../../api/person";
import { useMe } from "../../api/queries";
import { isoDate } from "../../format";
import { ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { Failed } from "../../ui/failed";
import { Notice } from "../../ui/notice";
import { Page } from "../../ui/page";
import { save } from "../../ui/save";
import { loginAfter } from "../login/login";
import { Confirm } from "./confirm";
import "./profile.css";

const TEXTS = texts({
  nn: {
    title: "Mine data",
    profile: "Min profil",
    exportTitle: "Last ned alt vi har om deg",
    exportText:
      "Du får éi fil (JSON) med konto, kundeforhold, målarverdiar, samtykke, meldingar og billettar, og kva tilsette har gjort med kundeforholdet ditt.",
    exportHint: "Det kan ta opptil eit minutt. Lagre fila ein trygg stad: ho har alt om deg.",
    exportDo: "Last ned",
    exporting: "Samlar alt …",
    exported: "Fila er lasta ned.",
    deleteTitle: "Slett kontoen",
    goes: "Dette forsvinn",
    goesList: [
      "innlogginga di, her og i appen",
      "passord, passnøklar, autentiseringsapp og tilkoplingar",
      "mobilnummer og språkval du har lagra her",
    ],
    stays: "Dette blir verande",
    staysList: [
      "kundeforholdet ditt: straumavtale, målarverdiar og fakturaer",
      "billettar du har reservert og samtykke du har gitt; endre dei først om du vil",
      "retten til å registrere deg på nytt, med kundenummer og PIN",
    ],
    deleteDo: "Slett kontoen …",
    confirmTitle: "Slette kontoen for godt?",
    confirmText: (email: string) =>
      `Kontoen ${email} blir sletta med ein gong, og du blir logga ut overalt. Det kan ikkje angrast.`,
    understood: "Eg forstår at kontoen blir sletta for godt",
    notUnderstood: "Kryss av for at du forstår, før du slettar.",
    yes: "Slett kontoen",
    staffTitle: "Slette kontoen",
    staff: "Dette er ein konto for tilsette. Be ein operatør om å fjerne han.",
  },
  nb: {
    title: "Mine data",
    profile: "Min profil",
    exportTitle: "Last ned alt vi har om deg",
    exportText:
      "Du får én fil (JSON) med konto, kundeforhold, målerverdier, samtykke, meldinger og billetter, og hva ansatte har gjort med kundeforholdet ditt.",
    exportHint: "Det kan ta opptil et minutt. Lagre filen et trygt sted: den har alt om deg.",
    exportDo: "Last ned",
    exporting: "Samler alt …",
    exported: "Filen er lastet ned.",
    deleteTitle: "Slett kontoen",
    goes: "Dette forsvinner",
    goesList: [
      "innloggingen din, her og i appen",
      "passord, passnøkler, autentiseringsapp og tilkoblinger",
      "mobilnummer og språkvalg du har lagret her",
    ],
    stays: "Dette blir værende",
    staysList: [
      "kundeforholdet ditt: strømavtale, målerverdier og fakturaer",
      "billetter du har reservert og samtykker du har gitt; endre dem først om du vil",
      "retten til å registrere deg på nytt, med kundenummer og PIN",
    ],
    deleteDo: "Slett kontoen …",
    confirmTitle: "Slette kontoen for godt?",
    confirmText: (email: string) =>
      `Kontoen ${email} blir slettet med en gang, og du blir logget ut overalt. Det kan ikke angres.`,
    understood: "Jeg forstår at kontoen blir slettet for godt",
    notUnderstood: "Kryss av for at du forstår, før du sletter.",
    yes: "Slett kontoen",
    staffTitle: "Slette kontoen",
    staff: "Dette er en konto for ansatte. Be en operatør om å fjerne den.",
  },
  en: {
    title: "My data",
    profile: "My profile",
    exportTitle: "Download all that we hold about you",
    exportText:
      "You get one file (JSON) with account, customers, meter values, consents, messages and tickets, and what our staff have done to your customer record.",
    exportHint: "It can take up to a minute. Keep the file in a safe place: it has all about you.",
    exportDo: "Download",
    exporting: "Gathering all …",
    exported: "The file is downloaded.",
    deleteTitle: "Delete the account",
    goes: "This goes",
    goesList: [
      "your login, here and in the app",
      "password, passkeys, authenticator app and links",
      "the mobile number and the language that you have saved here",
    ],
    stays: "This stays",
    staysList: [
      "you as a customer: contract, meter values and bills",
      "tickets that you have reserved and consents that you have given; change them first if you wish",
      "your right to register again, with customer number and PIN",
    ],
    deleteDo: "Delete the account …",
    confirmTitle: "Delete the account for good?",
    confirmText: (email: string) =>
      `The account ${email} is deleted at once, and you are logged out everywhere. This cannot be undone.`,
    understood: "I understand that the account is deleted for good",
    notUnderstood: "Tick that you understand before you delete.",
    yes: "Delete the account",
    staffTitle: "Deleting the account",
    staff: "This is an account of staff. Ask an operator to remove it.",
  },
});

/** Takes out all that is held about somebody, or deletes their account. */
export default function MyData() {
  const words = said(TEXTS);
  return (
    <Page title={words.title} back={{ to: ROUTES.profile, text: words.profile }}>
      <Export />
      <Delete />
    </Page>
  );
}

function Export() {
  const words = said(TEXTS);
  const take = useAction(async () => {
    const { data } = await api.GET("/v1/me/export", { parseAs: "blob" });
    if (data) save(data, `kundeapp-export-${isoDate(Date.now())}.json`);
  });
  return (
    <section class="ds-card stack">
      <h2 class="ds-heading" data-size="xs">
        {words.exportTitle}
      </h2>
      <p>{words.exportText}</p>
      <p class="quiet">{words.exportHint}</p>
      {take.error !== null && <Failed error={take.error} />}
      <div>
        <Button busy={take.busy} onClick={() => void take.run()}>
          {take.busy ? words.exporting : words.exportDo}
        </Button>
      </div>
      {take.isDone && <Notice color="success">{words.exported}</Notice>}
    </section>
  );
}

function Delete() {
  const words = said(TEXTS);
  const { data: account } = useMe();
  const [asks, setAsks] = useState(false);
  const [isUnderstood, setIsUnderstood] = useState(false);
  const [isMissed, setIsMissed] = useState(false);
  const remove = useAction(async (_, headers) => {
    await api.DELETE("/v1/me", { params: { header: headers } });
    await leaveFor(loginAfter("sletta"));
  });
  if (account && account.roles.length > 0) {
    return (
      <section class="ds-card stack">
        <h2 class="ds-heading" data-size="xs">
          {words.staffTitle}
        </h2>
        <p>{words.staff}</p>
      </section>
    );
  }
  return (
    <section class="ds-card stack">
      <h2 class="ds-heading" data-size="xs">
        {words.deleteTitle}
      </h2>
      <Points title={words.goes} points={words.goesList} />
      <Points title={words.stays} points={words.staysList} />
      <div>
        <Button
          variant="secondary"
          color="danger"
          onClick={() => {
            remove.forget();
            setIsUnderstood(false);
            setIsMissed(false);
            setAsks(true);
          }}
        >
          {words.deleteDo}
        </Button>
      </div>
      {asks && (
        <Confirm
          title={words.confirmTitle}
          yes={words.yes}
          action={remove}
          onYes={() => (isUnderstood ? void remove.run() : setIsMissed(true))}
          onClose={() => setAsks(false)}
        >
          <p>{words.confirmText(account?.email ?? "")}</p>
          <label class="understood">
            <input
              type="checkbox"
              checked={isUnderstood}
              onChange={(event) => {
                setIsUnderstood(event.currentTarget.checked);
                setIsMissed(false);
              }}
            />
            <span>{words.understood}</span>
          </label>
          {isMissed && (
            <p class="ds-validation-message" role="alert">
              {words.notUnderstood}
            </p>
          )}
        </Confirm>
      )}
    </section>
  );
}

function Points({ title, points }: { title: string; points: readonly string[] }) {
  return (
    <div class="with-points">
      <h3 class="ds-heading" data-size="2xs">
        {title}
      </h3>
      <ul class="points">
        {points.map((point) => (
          <li key={point}>{point}</li>
        ))}
      </ul>
    </div>
  );
}
