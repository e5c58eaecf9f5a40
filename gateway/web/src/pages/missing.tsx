import { ROUTES } from "../routes";
import { said, texts } from "../texts/language";
import { ButtonLink } from "../ui/button";
import { Page } from "../ui/page";

const TEXTS = texts({
  nn: {
    title: "Sida finst ikkje",
    text: "Ho kan vere flytta, eller adressa er feil.",
    home: "Gå til framsida",
  },
  nb: {
    title: "Siden finnes ikke",
    text: "Den kan være flyttet, eller adressen er feil.",
    home: "Gå til forsiden",
  },
  en: {
    title: "There is no such page",
    text: "It may have moved, or the address is wrong.",
    home: "Go to the front page",
  },
});

/** Where there is no page. */
export function Missing() {
  const words = said(TEXTS);
  return (
    <Page title={words.title}>
      <p>{words.text}</p>
      <ButtonLink to={ROUTES.home}>{words.home}</ButtonLink>
    </Page>
  );
}
