import type { ComponentChildren } from "preact";
import { said, texts } from "../texts/language";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { Failed } from "./failed";

const TEXTS = texts({
  nn: { close: "Lukk" },
  nb: { close: "Lukk" },
  en: { close: "Close" },
});

/** A dialog that is a form: what is filled in, what went wrong, the button, and a way out. */
export function DialogForm({
  title,
  submit,
  close = said(TEXTS).close,
  color = "accent",
  action,
  rest = action.error,
  onSubmit,
  onClose,
  children,
}: {
  title: string;
  submit: string;
  close?: string;
  color?: "accent" | "danger";
  action: { busy: boolean; error: unknown };
  /** What of its error is not said at a field. */
  rest?: unknown;
  onSubmit: () => void;
  onClose: () => void;
  children: ComponentChildren;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        {children}
        {rest !== null && <Failed error={rest} />}
        <div class="row">
          <Button type="submit" color={color} busy={action.busy}>
            {submit}
          </Button>
          <Button variant="tertiary" onClick={onClose}>
            {close}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
