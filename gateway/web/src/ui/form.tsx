import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Problem } from "../api/problem";
import { Button } from "./button";
import { Failed } from "./failed";

/** What is wrong with the fields of a form, by name, and what is wrong beyond them. */
type Wrong<Name extends string> = { at: Partial<Record<Name, string>>; rest: unknown };

/**
 * Sorts a refusal to the fields that it is about.
 *
 * @param names The fields of the form, each with the codes of refusals that are its own too.
 * @param labels Those of fields that a refusal of another one may name.
 * @returns What to say at the fields; `rest` is null if that says it all.
 */
export function sorted<Name extends string>(
  error: unknown,
  names: Record<Name, readonly string[]>,
  labels: Record<string, string> = {},
): Wrong<Name> {
  const at: Partial<Record<Name, string>> = {};
  if (!(error instanceof Problem)) return { at, rest: error };
  for (const name of Object.keys(names) as Name[]) {
    const said = names[name].includes(error.code) ? error.document.detail : error.field(name);
    if (said !== undefined) at[name] = labelled(said, labels);
  }
  const told = error.document.errors ?? [];
  const isSaid = Object.keys(at).length > 0 && told.every(({ field }) => Object.hasOwn(at, field));
  return { at, rest: isSaid ? null : error };
}

/** Names fields as the form does, and not as the API. */
function labelled(text: string, labels: Record<string, string>): string {
  return text.replace(/\w+/g, (word) => (Object.hasOwn(labels, word) ? `«${labels[word]}»` : word));
}

/** A form with its button; after a refusal the first field that is wrong is where one goes on. */
export function Form({
  submit,
  busy,
  error,
  rest = error,
  onSubmit,
  children,
}: {
  submit: string;
  busy: boolean;
  error: unknown;
  /** What of the error is not said at a field. */
  rest?: unknown;
  onSubmit: () => void;
  children: ComponentChildren;
}) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error !== null) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [error]);
  return (
    <form
      ref={form}
      class="stack"
      noValidate // what is wrong is said at the fields, by the gateway and in the reader's language
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
      {rest !== null && <Failed error={rest} />}
      <Button type="submit" busy={busy} wide>
        {submit}
      </Button>
    </form>
  );
}
