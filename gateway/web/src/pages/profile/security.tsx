import { ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { Page } from "../../ui/page";
import { Authenticator } from "./authenticator";
import { ChangePassword } from "./change-password";
import { Passkeys } from "./passkeys";
import "./profile.css";
import { Providers } from "./providers";
import { Sessions } from "./sessions";

const TEXTS = texts({
  nn: { title: "Tryggleik", profile: "Min profil" },
  nb: { title: "Sikkerhet", profile: "Min profil" },
  en: { title: "Security", profile: "My profile" },
});

/** How one gets in, and where one is in. */
export default function Security() {
  const words = said(TEXTS);
  return (
    <Page title={words.title} back={{ to: ROUTES.profile, text: words.profile }}>
      <ChangePassword />
      <Passkeys />
      <Authenticator />
      <Providers />
      <Sessions />
    </Page>
  );
}
