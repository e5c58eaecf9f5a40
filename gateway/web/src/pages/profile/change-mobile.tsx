import { answerOf, api } from "../../api/client";
import { said, texts } from "../../texts/language";
import { TextField } from "../../ui/field";
import { ChangeContact } from "./change-contact";

const TEXTS = texts({
  nn: {
    title: "Mobilnummeret ditt",
    label: "Mobilnummer",
    hint: "Åtte siffer, eller med landkode. Vi sender ein kode dit på SMS.",
  },
  nb: {
    title: "Mobilnummeret ditt",
    label: "Mobilnummer",
    hint: "Åtte sifre, eller med landkode. Vi sender en kode dit på SMS.",
  },
  en: {
    title: "Your mobile number",
    label: "Mobile number",
    hint: "Eight digits, or with its country code. We send a code there by SMS.",
  },
});

/** Changes the mobile number that one is reached at, or adds one. */
export default function ChangeMobile() {
  const words = said(TEXTS);
  return (
    <ChangeContact
      kept="change-mobile"
      title={words.title}
      field="mobile"
      ask={(mobile, headers) =>
        answerOf(
          api.POST("/v1/me/mobile:change", { params: { header: headers }, body: { mobile } }),
        )
      }
      confirm={(body, headers) =>
        answerOf(api.POST("/v1/me/mobile:confirm", { params: { header: headers }, body }))
      }
    >
      {(given) => (
        <TextField
          {...given}
          label={words.label}
          hint={words.hint}
          type="tel"
          autocomplete="tel"
          required
        />
      )}
    </ChangeContact>
  );
}
