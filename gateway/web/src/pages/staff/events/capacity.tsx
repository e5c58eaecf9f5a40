import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { answerOf, api } from "../../../api/client";
import { queries } from "../../../api/queries";
import { whole } from "../../../format";
import { said, texts } from "../../../texts/language";
import { useAction } from "../../../ui/action";
import { DialogForm } from "../../../ui/dialog-form";
import { TextField } from "../../../ui/field";
import { sorted } from "../../../ui/form";
import { Notice } from "../../../ui/notice";
import { type Event, inventoryOf } from "../queries";

const TEXTS = texts({
  nn: {
    title: "Endre plassar",
    capacity: "Kor mange plassar",
    now: (capacity: string, taken: string) =>
      `No: ${capacity} plassar. Reserverte og haldne av: ${taken}.`,
    short: (over: string) =>
      `Det er ${over} færre enn det som er reservert og halde av. Ingen mistar billetten sin, men ingen får nye før så mange er gitt tilbake.`,
    more: (more: string) => `${more} fleire plassar. Dei som står på ventelista, får tilbod først.`,
    fewer: (fewer: string) => `${fewer} færre plassar. Ingen mistar billetten sin.`,
    save: "Lagre",
  },
  nb: {
    title: "Endre plasser",
    capacity: "Hvor mange plasser",
    now: (capacity: string, taken: string) =>
      `Nå: ${capacity} plasser. Reserverte og holdt av: ${taken}.`,
    short: (over: string) =>
      `Det er ${over} færre enn det som er reservert og holdt av. Ingen mister billetten sin, men ingen får nye før så mange er gitt tilbake.`,
    more: (more: string) => `${more} flere plasser. De som står på ventelisten, får tilbud først.`,
    fewer: (fewer: string) => `${fewer} færre plasser. Ingen mister billetten sin.`,
    save: "Lagre",
  },
  en: {
    title: "Change seats",
    capacity: "How many seats",
    now: (capacity: string, taken: string) =>
      `Now: ${capacity} seats. Reserved and held: ${taken}.`,
    short: (over: string) =>
      `That is ${over} fewer than are reserved and held. Nobody loses a ticket, but nobody gets new ones until that many were given back.`,
    more: (more: string) => `${more} more seats. Those on the waiting list get offers first.`,
    fewer: (fewer: string) => `${fewer} fewer seats. Nobody loses a ticket.`,
    save: "Save",
  },
});

/** Asks how many seats there are, and says what that does before it is done. */
export function CapacityDialog({ event, onClose }: { event: Event; onClose: () => void }) {
  const words = said(TEXTS);
  const { data: inventory } = useQuery(inventoryOf(event.id));
  const [capacity, setCapacity] = useState(String(event.capacity));
  const save = useAction(async (wanted: number, headers) => {
    const params = { path: { event_id: event.id }, header: headers };
    await answerOf(api.PATCH("/v1/events/{event_id}", { params, body: { capacity: wanted } }));
    await queries.invalidateQueries({ queryKey: ["events"] });
  });
  const wrong = sorted(save.error, { capacity: [] });
  const wanted = Number(capacity);
  const taken = inventory && inventory.reserved + inventory.held;
  const effect = (): string => {
    if (taken !== undefined && wanted < taken) return words.short(whole(taken - wanted));
    if (wanted > event.capacity) return words.more(whole(wanted - event.capacity));
    return wanted < event.capacity ? words.fewer(whole(event.capacity - wanted)) : "";
  };
  return (
    <DialogForm
      title={words.title}
      submit={words.save}
      action={save}
      rest={wrong.rest}
      onSubmit={() => {
        void save.run(wanted).then((isDone) => isDone && onClose());
      }}
      onClose={onClose}
    >
      <TextField
        label={words.capacity}
        hint={words.now(whole(event.capacity), whole(taken))}
        type="number"
        min={0}
        max={100_000}
        required
        value={capacity}
        onText={setCapacity}
        problem={wrong.at.capacity}
      />
      {capacity !== "" && effect() && (
        <Notice color={taken !== undefined && wanted < taken ? "warning" : "info"}>
          <p>{effect()}</p>
        </Notice>
      )}
    </DialogForm>
  );
}
