import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { answerOf, api } from "../../../api/client";
import { queries } from "../../../api/queries";
import { whole } from "../../../format";
import { said, texts } from "../../../texts/language";
import { useAction } from "../../../ui/action";
import { DialogForm } from "../../../ui/dialog-form";
import { TextArea } from "../../../ui/field";
import { sorted } from "../../../ui/form";
import { Notice } from "../../../ui/notice";
import { type Event, inventoryOf } from "../queries";

const TEXTS = texts({
  nn: {
    title: (event: string) => `Avlyse «${event}»?`,
    effect: (tickets: string, waiting: string) =>
      `Billettar som blir ugyldige: ${tickets}. På venteliste: ${waiting}. Alle får melding. Dette kan ikkje gjerast om.`,
    reason: "Grunn",
    reasonHint: "Dei som har billett eller ventar, les dette. Høgst 500 teikn.",
    cancel: "Avlys arrangementet",
    close: "Ikkje avlys",
  },
  nb: {
    title: (event: string) => `Avlyse «${event}»?`,
    effect: (tickets: string, waiting: string) =>
      `Billetter som blir ugyldige: ${tickets}. På venteliste: ${waiting}. Alle får melding. Dette kan ikke gjøres om.`,
    reason: "Grunn",
    reasonHint: "De som har billett eller venter, leser dette. Høyst 500 tegn.",
    cancel: "Avlys arrangementet",
    close: "Ikke avlys",
  },
  en: {
    title: (event: string) => `Cancel “${event}”?`,
    effect: (tickets: string, waiting: string) =>
      `Tickets that become invalid: ${tickets}. On the waiting list: ${waiting}. Everyone is told. This cannot be undone.`,
    reason: "Reason",
    reasonHint: "Those who have tickets or wait read this. At most 500 characters.",
    cancel: "Cancel the event",
    close: "Do not cancel",
  },
});

/** Asks why an event is cancelled, and says what that does. */
export function CancelDialog({ event, onClose }: { event: Event; onClose: () => void }) {
  const words = said(TEXTS);
  const { data: inventory } = useQuery(inventoryOf(event.id));
  const [reason, setReason] = useState("");
  const cancel = useAction(async (given: string, headers) => {
    const params = { path: { event_id: event.id }, header: headers };
    await answerOf(api.POST("/v1/events/{event_id}:cancel", { params, body: { reason: given } }));
    await queries.invalidateQueries({ queryKey: ["events"] });
  });
  const wrong = sorted(cancel.error, { reason: [] });
  return (
    <DialogForm
      title={words.title(event.title)}
      submit={words.cancel}
      close={words.close}
      color="danger"
      action={cancel}
      rest={wrong.rest}
      onSubmit={() => {
        void cancel.run(reason).then((isDone) => isDone && onClose());
      }}
      onClose={onClose}
    >
      <Notice color="warning">
        <p>{words.effect(whole(inventory?.reserved), whole(event.waitingParties))}</p>
      </Notice>
      <TextArea
        label={words.reason}
        hint={words.reasonHint}
        required
        maxLength={500}
        value={reason}
        onText={setReason}
        problem={wrong.at.reason}
      />
    </DialogForm>
  );
}
