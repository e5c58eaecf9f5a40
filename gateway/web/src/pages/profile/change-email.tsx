import { answerOf, api } from "../../api/client";
import { useMe } from "../../api/queries";
import { said, texts } from "../../texts/language";
import { TextField } from "../../ui/field";
import { ChangeContact } from "./change-contact";

const TEXTS = texts({
  nn: {
    title: "Endre e-post",
    label: "Ny e-post",
    now: (email: string) =>
      `No er ho ${email}. Den gamle adressa får ei lenkje som kan angre bytet i ei veke.`,
  },
  nb: {
    title: "Endre e-post",
    label: "Ny e-post",
    now: (email: string) =>
      `Nå er den ${email}. Den gamle adressen får en lenke som kan angre byttet i en uke.`,
  },
  en: {
    title: "Change e-mail",
    label: "New e-mail",
    now: (email: string) =>
      `It is ${email} now. The old address gets a link that can undo the change for a week.`,
  },
});

/** Changes the e-mail that one logs in with. */
export default function ChangeEmail() {
  const words = said(TEXTS);
  const { data: account } = useMe();
  return (
    <ChangeContact
      kept="change-email"
      title={words.title}
      field="newEmail"
      ask={(newEmail, headers) =>
        answerOf(
          api.POST("/v1/me/email:change", { params: { header: headers }, body: { newEmail } }),
        )
      }
      confirm={(body, headers) =>
        answerOf(api.POST("/v1/me/email:confirm", { params: { header: headers }, body }))
      }
    >
      {(given) => (
        <TextField
          {...given}
          label={words.label}
          hint={account && words.now(account.email)}
          type="email"
          autocomplete="email"
          required
        />
      )}
    </ChangeContact>
  );
}
