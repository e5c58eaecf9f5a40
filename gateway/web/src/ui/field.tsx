import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

type Described = {
  label: string;
  hint?: ComponentChildren;
  problem?: string | undefined;
};
type Element = keyof Pick<JSX.IntrinsicElements, "input" | "textarea">;
type Native<Name extends Element> = Omit<
  JSX.IntrinsicElements[Name],
  "label" | "onInput" | "id" | "children"
>;

/** What a field is tied to its label, hint and problem with. */
type Ties = { id: string; "aria-invalid"?: true; "aria-describedby"?: string };

/** A label, a hint and what is wrong, around a field. */
function Labelled({
  label,
  hint,
  problem,
  children,
}: Described & { children: (ties: Ties) => ComponentChildren }) {
  const id = useId();
  const described = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ");
  return (
    <div class="ds-field">
      <label class="ds-label" for={id}>
        {label}
      </label>
      {hint && (
        <p id={`${id}-hint`} data-field="description">
          {hint}
        </p>
      )}
      {children({
        id,
        ...(problem ? { "aria-invalid": true } : {}),
        ...(described ? { "aria-describedby": described } : {}),
      })}
      {problem && (
        <p id={`${id}-problem`} class="ds-validation-message" data-field="validation">
          {problem}
        </p>
      )}
    </div>
  );
}

/** A field for a line. */
export function TextField({
  label,
  hint,
  problem,
  beside,
  onText,
  ...input
}: Described & {
  /** What stands at the end of the line, such as a button that shows a password. */
  beside?: ComponentChildren;
  onText: (text: string) => void;
} & Native<"input">) {
  return (
    <Labelled label={label} hint={hint} problem={problem}>
      {(ties) => {
        const field = (
          <input
            {...input}
            {...ties}
            class="ds-input"
            onInput={(event) => onText(event.currentTarget.value)}
          />
        );
        if (!beside) return field;
        return (
          <div class="with-beside">
            {field}
            {beside}
          </div>
        );
      }}
    </Labelled>
  );
}

/** A field for more than a line. */
export function TextArea({
  label,
  hint,
  problem,
  onText,
  ...area
}: Described & { onText: (text: string) => void } & Native<"textarea">) {
  return (
    <Labelled label={label} hint={hint} problem={problem}>
      {(ties) => (
        <textarea
          rows={4}
          {...area}
          {...ties}
          class="ds-input"
          onInput={(event) => onText(event.currentTarget.value)}
        />
      )}
    </Labelled>
  );
}

/** A choice from a list that is too long for buttons. */
export function Select<Value extends string>({
  label,
  options,
  chosen,
  onChoose,
}: {
  label: string;
  options: readonly (readonly [Value, string])[];
  chosen: Value;
  onChoose: (value: Value) => void;
}) {
  return (
    <Labelled label={label}>
      {(ties) => (
        <select
          {...ties}
          class="ds-input"
          value={chosen}
          onChange={(event) => {
            const option = options.find(([value]) => value === event.currentTarget.value);
            if (option) onChoose(option[0]);
          }}
        >
          {options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

/** What is on or off, and takes effect at once. */
export function Switch({
  label,
  hint,
  on,
  busy = false,
  onChange,
}: {
  label: string;
  hint?: ComponentChildren;
  on: boolean;
  busy?: boolean;
  onChange: (on: boolean) => void;
}) {
  const id = useId();
  return (
    <div class="ds-field" data-position="end">
      <label class="ds-label" for={id}>
        {label}
      </label>
      {hint && (
        <p id={`${id}-hint`} data-field="description">
          {hint}
        </p>
      )}
      <input
        id={id}
        class="ds-input"
        type="checkbox"
        role="switch"
        aria-checked={on}
        checked={on}
        aria-busy={busy}
        aria-disabled={busy}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onClick={(event) => {
          event.preventDefault(); // it shows what is stored, not what was tapped
          if (!busy) onChange(!on);
        }}
      />
    </div>
  );
}

/** A choice between few things, of which one is chosen. */
export function Choice<Value extends string>({
  label,
  options,
  chosen,
  onChoose,
}: {
  label: string;
  options: readonly (readonly [Value, ComponentChildren])[];
  chosen: Value;
  onChoose: (value: Value) => void;
}) {
  const name = useId();
  return (
    <fieldset class="ds-toggle-group" data-toggle-group={label} aria-label={label}>
      {options.map(([value, text]) => (
        <label key={value} class="ds-button" data-variant="tertiary">
          <input
            type="radio"
            name={name}
            value={value}
            checked={value === chosen}
            onChange={() => onChoose(value)}
          />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}
