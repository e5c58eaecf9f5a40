import type { ComponentChildren } from "preact";

/** What the reader should know. Problems are read out at once, the rest when there is time. */
export function Notice({
  color = "info",
  children,
}: {
  color?: "info" | "success" | "warning" | "danger";
  children: ComponentChildren;
}) {
  return (
    <div class="ds-alert" data-color={color} role={color === "danger" ? "alert" : "status"}>
      {children}
    </div>
  );
}
