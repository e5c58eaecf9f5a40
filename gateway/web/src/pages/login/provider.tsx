import { useEffect, useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { answerOf, api } from "../../api/client";
import { Offline } from "../../api/problem";
import { queries } from "../../api/queries";
import { ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { ButtonLink } from "../../ui/button";
import { Failed } from "../../ui/failed";
import { Loading } from "../../ui/loaded";
import { Notice } from "../../ui/notice";
import { Page } from "../../ui/page";
import { linkedProviders } from "../profile/queries";
import { deviceName } from "./device";
import { entered } from "./entered";
import "./login.css";
import { begunHere } from "./provider-flow";

const TEXTS = texts({
  nn: {
    login: (name: string) => `Innlogging med ${name}`,
    link: (name: string) => `Kople til ${name}`,
    declined: (name: string) => `Du avbraut hos ${name}. Ingenting er endra.`,
    failed: (name: string) =>
      `Det gjekk ikkje hos ${name}. Prøv igjen, eller bruk e-post og passord.`,
    there: "leverandøren",
    toLogin: "Til innlogginga",
    toSecurity: "Til Tryggleik",
  },
  nb: {
    login: (name: string) => `Innlogging med ${name}`,
    link: (name: string) => `Koble til ${name}`,
    declined: (name: string) => `Du avbrøt hos ${name}. Ingenting er endret.`,
    failed: (name: string) =>
      `Det gikk ikke hos ${name}. Prøv igjen, eller bruk e-post og passord.`,
    there: "leverandøren",
    toLogin: "Til innloggingen",
    toSecurity: "Til Sikkerhet",
  },
  en: {
    login: (name: string) => `Login with ${name}`,
    link: (name: string) => `Link ${name}`,
    declined: (name: string) => `You cancelled at ${name}. Nothing was changed.`,
    failed: (name: string) => `It did not work at ${name}. Try again, or use e-mail and password.`,
    there: "the provider",
    toLogin: "To the login",
    toSecurity: "To Security",
  },
});

/** What the third party sends the browser back with. */
type Return = { state: string; code: string; iss: string };

/** Where a third party sends people back to: completes the login or the linking that was begun. */
export default function Provider() {
  const words = said(TEXTS);
  const [, go] = useLocation();
  const [{ answer, refusal, begun }] = useState(takenFromAddress);
  const isLink = begun?.purpose === "link";
  const name = begun?.name ?? words.there;

  const complete = useAction(async (body: Return, headers) => {
    const params = { header: headers };
    if (isLink) {
      await answerOf(api.POST("/v1/me/identityProviders:complete", { params, body }));
      await queries.invalidateQueries(linkedProviders);
    } else {
      const login = { ...body, device: deviceName() };
      await answerOf(api.POST("/v1/identityProviders:complete", { params, body: login }));
      await entered();
    }
  });
  async function goOn(): Promise<void> {
    if (await complete.run(answer)) go(begun?.back ?? ROUTES.home, { replace: true });
  }
  useEffect(() => {
    if (refusal === null) void goOn();
  }, []);

  const { error } = complete;
  return (
    <Page title={isLink ? words.link(name) : words.login(name)}>
      <div class="access">
        {refusal === null && error === null && <Loading />}
        {refusal !== null && (
          <Notice color="warning">
            {refusal === "access_denied" ? words.declined(name) : words.failed(name)}
          </Notice>
        )}
        {error !== null && <Failed error={error} onRetry={() => void goOn()} />}
        {(refusal !== null || (error !== null && !(error instanceof Offline))) && (
          <ButtonLink to={isLink ? ROUTES.security : ROUTES.login} wide>
            {isLink ? words.toSecurity : words.toLogin}
          </ButtonLink>
        )}
      </div>
    </Page>
  );
}

/** Takes the code out of the address, so that it stays in no history. */
function takenFromAddress() {
  const query = new URLSearchParams(location.search);
  history.replaceState(history.state, "", location.pathname);
  const said = (name: string) => query.get(name) ?? "";
  return {
    answer: { state: said("state"), code: said("code"), iss: said("iss") },
    refusal: query.get("error") ?? (query.has("state") ? null : "nothing was begun"),
    begun: begunHere(),
  };
}
