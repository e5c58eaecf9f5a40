import { said, texts } from "../../texts/language";
import { Failed } from "../../ui/failed";
import { Notice } from "../../ui/notice";
import { PasskeyUnused } from "./passkey";

const TEXTS = texts({
  nn: {
    unused: "Ingen passnøkkel blei brukt. Prøv igjen, eller gjer det på ein annan måte.",
    isThere: "Denne eininga har alt ein passnøkkel til kontoen din.",
  },
  nb: {
    unused: "Ingen passnøkkel ble brukt. Prøv igjen, eller gjør det på en annen måte.",
    isThere: "Denne enheten har allerede en passnøkkel til kontoen din.",
  },
  en: {
    unused: "No passkey was used. Try again, or do it in another way.",
    isThere: "This device already has a passkey for your account.",
  },
});

/** Why something was refused that a passkey was asked for. */
export function PasskeyFailed({ error }: { error: unknown }) {
  const words = said(TEXTS);
  if (!(error instanceof PasskeyUnused)) return <Failed error={error} />;
  return <Notice color="warning">{error.isThere ? words.isThere : words.unused}</Notice>;
}
