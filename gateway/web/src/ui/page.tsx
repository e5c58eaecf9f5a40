import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Link } from "wouter-preact";

let isFirst = true;

/** A page: its heading is the tab's title, and where a screen reader goes on after a tap. */
export function Page({
  title,
  back,
  wide = false,
  children,
}: {
  title: string;
  back?: { to: string; text: string };
  wide?: boolean;
  children: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} – Kundeapp`;
  }, [title]);
  useEffect(() => {
    if (!isFirst) heading.current?.focus({ preventScroll: true });
    isFirst = false;
    window.scrollTo(0, 0);
  }, []);
  return (
    <div class={wide ? "page wide stack" : "page stack"}>
      {back && (
        <p class="back">
          <Link class="ds-link" href={back.to}>
            <span aria-hidden="true">←</span> {back.text}
          </Link>
        </p>
      )}
      <h1 ref={heading} tabIndex={-1} class="ds-heading" data-size="md">
        {title}
      </h1>
      {children}
    </div>
  );
}
