import { useHistoryState } from "wouter-preact/use-browser-location";
import { said, texts } from "../../texts/language";
import { Notice } from "../../ui/notice";

const TEXTS = texts({
  nn: {
    "change-email": "E-posten er endra. Bruk den nye neste gong du loggar inn.",
    "change-mobile": "Mobilnummeret er lagra.",
    "link-customer": "Kundeforholdet er lagt til.",
  },
  nb: {
    "change-email": "E-posten er endret. Bruk den nye neste gang du logger inn.",
    "change-mobile": "Mobilnummeret er lagret.",
    "link-customer": "Kundeforholdet er lagt til.",
  },
  en: {
    "change-email": "Your e-mail is changed. Log in with the new one from now on.",
    "change-mobile": "Your mobile number is saved.",
    "link-customer": "The customer is added.",
  },
});

/** What was done on the page that leads back to the profile. */
export type Done = keyof (typeof TEXTS)["nn"];

/** Says what was done on the page before. */
export function DoneNotice() {
  const words = said(TEXTS);
  const state = useHistoryState<{ done?: Done } | null>();
  return state?.done ? <Notice color="success">{words[state.done]}</Notice> : null;
}
