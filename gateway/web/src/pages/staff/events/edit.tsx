import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { useLocation, useParams } from "wouter-preact";
import { answerOf, api } from "../../../api/client";
import { queries } from "../../../api/queries";
import { at, ROUTES } from "../../../routes";
import { said, texts } from "../../../texts/language";
import { useAction } from "../../../ui/action";
import { Loaded } from "../../../ui/loaded";
import { Page } from "../../../ui/page";
import { ForStaff } from "../for-staff";
import { type Event, eventOf } from "../queries";
import { EventForm } from "./form";
import { changed, type Typed, typedOf } from "./typed";
import "../staff.css";

const TEXTS = texts({
  nn: { title: "Endre arrangement", save: "Lagre endringane" },
  nb: { title: "Endre arrangement", save: "Lagre endringene" },
  en: { title: "Change event", save: "Save the changes" },
});

/** Changes an event; only what was changed is sent, so that the rest stays as it is. */
export default function EditEvent() {
  const { event = "" } = useParams<{ event: string }>();
  const words = said(TEXTS);
  const query = useQuery(eventOf(event));
  const back = { to: at(ROUTES.staffEvent, { event }), text: query.data?.title ?? "" };
  return (
    <ForStaff roles={["EVENT_STAFF"]}>
      <Page title={words.title} back={back}>
        <Loaded query={query}>{(known) => <Edit key={known.id} known={known} />}</Loaded>
      </Page>
    </ForStaff>
  );
}

function Edit({ known }: { known: Event }) {
  const words = said(TEXTS);
  const [, go] = useLocation();
  // As it was when the form opened: what others change meanwhile is not set back.
  const [before] = useState(() => typedOf(known));
  const save = useAction(async (typed: Typed, headers) => {
    await answerOf(
      api.PATCH("/v1/events/{event_id}", {
        params: { path: { event_id: known.id }, header: headers },
        body: changed(before, typed),
      }),
    );
    await queries.invalidateQueries({ queryKey: ["events"] });
    go(at(ROUTES.staffEvent, { event: known.id }));
  });
  return (
    <EventForm
      known={known}
      submit={words.save}
      busy={save.busy}
      error={save.error}
      onSubmit={(typed) => void save.run(typed)}
    />
  );
}
