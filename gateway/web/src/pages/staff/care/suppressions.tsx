import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { answerOf, api } from "../../../api/client";
import { queries } from "../../../api/queries";
import type { components } from "../../../api/schema";
import { date, whole } from "../../../format";
import { ROUTES } from "../../../routes";
import { said, texts } from "../../../texts/language";
import { useAction } from "../../../ui/action";
import { Button } from "../../../ui/button";
import { DialogForm } from "../../../ui/dialog-form";
import { Failed } from "../../../ui/failed";
import { Select, TextArea, TextField } from "../../../ui/field";
import { sorted } from "../../../ui/form";
import { Loaded } from "../../../ui/loaded";
import { Page } from "../../../ui/page";
import { ForStaff } from "../for-staff";
import { suppressionCounts } from "../queries";
import "../staff.css";
import "./care.css";

type Suppression = components["schemas"]["Suppression"];
type Reason = Exclude<Suppression["reason"], "REASON_UNSPECIFIED">;

const TEXTS = texts({
  nn: {
    title: "Sperringar",
    back: "For tilsette",
    intro:
      "Til ei sperra adresse sender vi ingen marknadsføring, same kven som har henne. Vi lagrar ikkje adressa, berre eit avtrykk.",
    address: "E-postadresse eller mobilnummer",
    check: "Sjekk",
    free: (address: string) => `${address} er ikkje sperra.`,
    held: (address: string) => `${address} er sperra:`,
    since: (when: string) => `sidan ${when}`,
    reasons: {
      REASON_UNSPECIFIED: "Ukjent",
      HARD_BOUNCE: "Kjem aldri fram",
      COMPLAINT: "Meldt som søppelpost",
      RESERVATION_REGISTER: "Står i Reservasjonsregisteret",
      MANUAL: "Nokon har bede om det",
    },
    media: { MEDIUM_UNSPECIFIED: "Ukjent", EMAIL: "E-post", MOBILE: "Mobil" },
    add: "Sperr adressa",
    reason: "Grunn",
    note: "Merknad",
    noteHint: "Kvar det kjem frå, utan personopplysningar. Kan stå tomt.",
    remove: "Opne for adressa",
    removeText: "Då kan vi skrive til adressa igjen, så langt denne grunnen rekk.",
    why: "Kvifor",
    whyHint: "Med eigne ord og utan personopplysningar. Dette blir teke vare på for alltid.",
    counts: "Kor mange adresser",
    kind: "Slag",
    count: "Adresser",
    noCounts: "Ingen adresser er sperra.",
  },
  nb: {
    title: "Sperringer",
    back: "For ansatte",
    intro:
      "Til en sperret adresse sender vi ingen markedsføring, uansett hvem som har den. Vi lagrer ikke adressen, bare et avtrykk.",
    address: "E-postadresse eller mobilnummer",
    check: "Sjekk",
    free: (address: string) => `${address} er ikke sperret.`,
    held: (address: string) => `${address} er sperret:`,
    since: (when: string) => `siden ${when}`,
    reasons: {
      REASON_UNSPECIFIED: "Ukjent",
      HARD_BOUNCE: "Kommer aldri fram",
      COMPLAINT: "Meldt som søppelpost",
      RESERVATION_REGISTER: "Står i Reservasjonsregisteret",
      MANUAL: "Noen har bedt om det",
    },
    media: { MEDIUM_UNSPECIFIED: "Ukjent", EMAIL: "E-post", MOBILE: "Mobil" },
    add: "Sperr adressen",
    reason: "Grunn",
    note: "Merknad",
    noteHint: "Hvor det kommer fra, uten personopplysninger. Kan stå tomt.",
    remove: "Åpne for adressen",
    removeText: "Da kan vi skrive til adressen igjen, så langt denne grunnen rekker.",
    why: "Hvorfor",
    whyHint: "Med egne ord og uten personopplysninger. Dette tas vare på for alltid.",
    counts: "Hvor mange adresser",
    kind: "Slag",
    count: "Adresser",
    noCounts: "Ingen adresser er sperret.",
  },
  en: {
    title: "Suppressions",
    back: "For staff",
    intro:
      "To a suppressed address we send no marketing, whoever has it. We do not keep the address, only a hash of it.",
    address: "E-mail address or mobile number",
    check: "Check",
    free: (address: string) => `${address} is not suppressed.`,
    held: (address: string) => `${address} is suppressed:`,
    since: (when: string) => `since ${when}`,
    reasons: {
      REASON_UNSPECIFIED: "Unknown",
      HARD_BOUNCE: "Nothing ever arrives",
      COMPLAINT: "Reported as spam",
      RESERVATION_REGISTER: "In Reservasjonsregisteret",
      MANUAL: "Somebody asked for it",
    },
    media: { MEDIUM_UNSPECIFIED: "Unknown", EMAIL: "E-mail", MOBILE: "Mobile" },
    add: "Suppress the address",
    reason: "Reason",
    note: "Note",
    noteHint: "Where it comes from, without personal data. May be empty.",
    remove: "Allow the address",
    removeText: "Then we can write to the address again, as far as this reason goes.",
    why: "Why",
    whyHint: "In your own words and without personal data. It is kept for ever.",
    counts: "How many addresses",
    kind: "Kind",
    count: "Addresses",
    noCounts: "No addresses are suppressed.",
  },
});

const REASONS: readonly Reason[] = ["MANUAL", "COMPLAINT", "HARD_BOUNCE", "RESERVATION_REGISTER"];

type Checked = { address: string; suppressions: readonly Suppression[] };

async function checkedOf(address: string): Promise<Checked> {
  const { suppressions } = await answerOf(
    api.POST("/v1/suppressions:check", { body: { address } }),
  );
  return { address, suppressions };
}

/** Whether anything is sent to an address, and how to change that. */
export default function Suppressions() {
  const words = said(TEXTS);
  const [address, setAddress] = useState("");
  const [checked, setChecked] = useState<Checked | null>(null);
  const check = useAction(async (typed: string) => setChecked(await checkedOf(typed)));
  const wrong = sorted(check.error, { address: [] });
  const again = async () => {
    if (checked) setChecked(await checkedOf(checked.address));
    await queries.invalidateQueries({ queryKey: ["suppressions"] });
  };
  return (
    <ForStaff roles={["CUSTOMER_SERVICE", "OPERATOR"]}>
      <Page title={words.title} back={{ to: ROUTES.staff, text: words.back }} wide>
        <p>{words.intro}</p>
        <div class="beside">
          <div class="stack">
            <form
              class="ds-card stack"
              onSubmit={(event) => {
                event.preventDefault();
                setChecked(null);
                void check.run(address.trim());
              }}
            >
              <TextField
                label={words.address}
                required
                autocomplete="off"
                value={address}
                onText={setAddress}
                problem={wrong.at.address}
              />
              {wrong.rest !== null && <Failed error={wrong.rest} />}
              <div class="row">
                <Button type="submit" busy={check.busy}>
                  {words.check}
                </Button>
              </div>
            </form>
            <div aria-live="polite">
              {checked && <Result checked={checked} onChanged={again} />}
            </div>
          </div>
          <Counts />
        </div>
      </Page>
    </ForStaff>
  );
}

function Result({ checked, onChanged }: { checked: Checked; onChanged: () => Promise<void> }) {
  const words = said(TEXTS);
  const { address, suppressions } = checked;
  const [adds, setAdds] = useState(false);
  const [removes, setRemoves] = useState<Suppression["reason"] | null>(null);
  return (
    <section class="ds-card stack">
      {suppressions.length === 0 ? (
        <p>{words.free(address)}</p>
      ) : (
        <>
          <p>
            <strong>{words.held(address)}</strong>
          </p>
          <ul class="suppressions">
            {suppressions.map(({ reason, since, note }) => (
              <li key={reason}>
                <span>
                  {words.reasons[reason]} {since && words.since(date(since))}
                  {note && <span class="quiet note">{note}</span>}
                </span>
                <Button variant="secondary" onClick={() => setRemoves(reason)}>
                  {words.remove}
                </Button>
              </li>
            ))}
          </ul>
        </>
      )}
      <div class="row">
        <Button variant="secondary" color="danger" onClick={() => setAdds(true)}>
          {words.add}
        </Button>
      </div>
      {adds && <AddDialog address={address} onChanged={onChanged} onClose={() => setAdds(false)} />}
      {removes && (
        <RemoveDialog
          address={address}
          reason={removes}
          onChanged={onChanged}
          onClose={() => setRemoves(null)}
        />
      )}
    </section>
  );
}

type Change = { address: string; onChanged: () => Promise<void>; onClose: () => void };

function AddDialog({ address, onChanged, onClose }: Change) {
  const words = said(TEXTS);
  const [reason, setReason] = useState<Reason>("MANUAL");
  const [note, setNote] = useState("");
  const add = useAction(async (body: { reason: Reason; note: string }, headers) => {
    await answerOf(
      api.POST("/v1/suppressions:add", {
        params: { header: headers },
        body: { addresses: [address], ...body },
      }),
    );
    await onChanged();
    onClose();
  });
  const wrong = sorted(add.error, { note: [] });
  return (
    <DialogForm
      title={words.add}
      submit={words.add}
      color="danger"
      action={add}
      rest={wrong.rest}
      onSubmit={() => {
        void add.run({ reason, note });
      }}
      onClose={onClose}
    >
      <p>{address}</p>
      <Select<Reason>
        label={words.reason}
        options={REASONS.map((each) => [each, words.reasons[each]])}
        chosen={reason}
        onChoose={setReason}
      />
      <TextField
        label={words.note}
        hint={words.noteHint}
        value={note}
        onText={setNote}
        problem={wrong.at.note}
      />
    </DialogForm>
  );
}

function RemoveDialog({
  address,
  reason,
  onChanged,
  onClose,
}: Change & { reason: Suppression["reason"] }) {
  const words = said(TEXTS);
  const [why, setWhy] = useState("");
  const remove = useAction(async (given: string, headers) => {
    await answerOf(
      api.POST("/v1/suppressions:remove", {
        params: { header: headers },
        body: { address, reason, why: given },
      }),
    );
    await onChanged();
    onClose();
  });
  const wrong = sorted(remove.error, { why: [] });
  return (
    <DialogForm
      title={words.remove}
      submit={words.remove}
      action={remove}
      rest={wrong.rest}
      onSubmit={() => {
        void remove.run(why);
      }}
      onClose={onClose}
    >
      <p>
        {address}: {words.reasons[reason]}. {words.removeText}
      </p>
      <TextArea
        label={words.why}
        hint={words.whyHint}
        required
        maxLength={500}
        value={why}
        onText={setWhy}
        problem={wrong.at.why}
      />
    </DialogForm>
  );
}

function Counts() {
  const words = said(TEXTS);
  const query = useQuery(suppressionCounts);
  return (
    <section class="ds-card stack">
      <h2 class="ds-heading" data-size="xs">
        {words.counts}
      </h2>
      <Loaded query={query}>
        {({ counts }) =>
          counts.length === 0 ? (
            <p class="quiet">{words.noCounts}</p>
          ) : (
            <table class="ds-table">
              <thead>
                <tr>
                  <th scope="col">{words.kind}</th>
                  <th scope="col">{words.reason}</th>
                  <th scope="col">{words.count}</th>
                </tr>
              </thead>
              <tbody>
                {counts.map(({ medium, reason, addresses }) => (
                  <tr key={`${medium} ${reason}`}>
                    <td>{words.media[medium]}</td>
                    <td>{words.reasons[reason]}</td>
                    <td class="number">{whole(addresses)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Loaded>
    </section>
  );
}
