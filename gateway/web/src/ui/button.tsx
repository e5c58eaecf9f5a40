import type { ComponentChildren, JSX } from "preact";
import { Link } from "wouter-preact";

type Look = {
  variant?: "primary" | "secondary" | "tertiary";
  color?: "accent" | "danger" | "neutral";
  wide?: boolean;
  children: ComponentChildren;
};

const look = ({ variant = "primary", color = "accent", wide = false }: Look) => ({
  class: "ds-button",
  "data-variant": variant,
  "data-color": color,
  ...(wide ? { "data-fullwidth": true } : {}),
});

/** A button; while it is busy it can be focused but does nothing. */
export function Button({
  variant,
  color,
  wide,
  busy = false,
  onClick,
  type = "button",
  children,
  ...others
}: Look & { busy?: boolean } & Omit<JSX.IntrinsicElements["button"], "size" | "loading">) {
  return (
    <button
      {...others}
      {...look({ variant, color, wide, children } as Look)}
      type={type}
      aria-busy={busy}
      aria-disabled={busy}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {children}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({ to, ...given }: Look & { to: string }) {
  return (
    <Link href={to} {...look(given)}>
      {given.children}
    </Link>
  );
}
