import { useLocation } from "wouter-preact";
import { answerOf, api } from "../../../api/client";
import { queries } from "../../../api/queries";
import { at, ROUTES } from "../../../routes";
import { said, texts } from "../../../texts/language";
import { useAction } from "../../../ui/action";
import { Page } from "../../../ui/page";
import { ForStaff } from "../for-staff";
import { MailingForm, type Written } from "./form";
import "../staff.css";
import "./news.css";

const TEXTS = texts({
  nn: { title: "Skriv nytt", back: "Nyhende", save: "Lagre kladden" },
  nb: { title: "Skriv nytt", back: "Nyheter", save: "Lagre kladden" },
  en: { title: "Write news", back: "News", save: "Save the draft" },
});

/** Writes a draft. */
export default function NewMailing() {
  const words = said(TEXTS);
  const [, go] = useLocation();
  const create = useAction(async (written: Written, headers) => {
    const made = await answerOf(
      api.POST("/v1/mailings", {
        params: { header: headers },
        body: { purpose: "kraftklubben", texts: written },
      }),
    );
    void queries.invalidateQueries({ queryKey: ["mailings"] });
    go(at(ROUTES.mailing, { mailing: made.id }));
  });
  return (
    <ForStaff roles={["EVENT_STAFF"]}>
      <Page title={words.title} back={{ to: ROUTES.mailings, text: words.back }}>
        <div class="ds-card">
          <MailingForm
            submit={words.save}
            busy={create.busy}
            error={create.error}
            onSubmit={(written) => void create.run(written)}
          />
        </div>
      </Page>
    </ForStaff>
  );
}
