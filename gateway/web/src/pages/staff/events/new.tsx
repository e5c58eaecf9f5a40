import { useLocation } from "wouter-preact";
import { answerOf, api } from "../../../api/client";
import { queries } from "../../../api/queries";
import { at, ROUTES } from "../../../routes";
import { said, texts } from "../../../texts/language";
import { useAction } from "../../../ui/action";
import { Page } from "../../../ui/page";
import { ForStaff } from "../for-staff";
import { EventForm } from "./form";
import { sent, type Typed } from "./typed";
import "../staff.css";

const TEXTS = texts({
  nn: { title: "Nytt arrangement", back: "Arrangement", create: "Lagre som kladd" },
  nb: { title: "Nytt arrangement", back: "Arrangement", create: "Lagre som kladd" },
  en: { title: "New event", back: "Events", create: "Save as a draft" },
});

/** Makes an event, as a draft. */
export default function NewEvent() {
  const words = said(TEXTS);
  const [, go] = useLocation();
  const create = useAction(async (typed: Typed, headers) => {
    const { startsAt = "", ...others } = sent(typed);
    const made = await answerOf(
      api.POST("/v1/events", {
        params: { header: headers },
        body: { ...others, startsAt, mode: typed.mode },
      }),
    );
    void queries.invalidateQueries({ queryKey: ["events"] });
    go(at(ROUTES.staffEvent, { event: made.id }));
  });
  return (
    <ForStaff roles={["EVENT_STAFF"]}>
      <Page title={words.title} back={{ to: ROUTES.staffEvents, text: words.back }}>
        <EventForm
          submit={words.create}
          busy={create.busy}
          error={create.error}
          onSubmit={(typed) => void create.run(typed)}
        />
      </Page>
    </ForStaff>
  );
}
