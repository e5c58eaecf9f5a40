import type { ComponentChildren } from "preact";
import { lazy, Suspense } from "preact/compat";
import { useMemo, useRef, useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import type { Bar, Colour } from "./bars";

/** A column: what is drawn of it, what it says, and where it leads. */
export type Column = Bar & {
  key: string;
  /** Its name and all that is known of it, to be read out. */
  said: string;
  /** The same to be seen, while it is pointed at: its name, its value, and the rest. */
  name: string;
  shown: string;
  more: readonly string[];
  /** Where a tap leads; undefined if there is nothing further in. */
  to: string | undefined;
  isToCome: boolean;
};

const Canvas = lazy(() => import("./canvas"));

/**
 * Bars under a row of links, one over each whole column: so a thumb, a keyboard and a screen reader
 * find them all, and the drawing is but a drawing.
 */
export function BarChart({
  name,
  unit,
  hint,
  colour,
  columns,
}: {
  name: string;
  unit: string;
  hint: string;
  colour: Colour;
  columns: readonly Column[];
}) {
  const [pointedAt, setPointedAt] = useState<number | null>(null);
  const active = pointedAt === null ? undefined : columns[pointedAt];
  return (
    <figure class="chart">
      <div class="chart-head">
        <span class="quiet">{unit}</span>
        {active === undefined && <span class="quiet">{hint}</span>}
      </div>
      <div class="plot">
        <Suspense fallback={null}>
          <Canvas bars={columns} colour={colour} />
        </Suspense>
        <Columns name={name} columns={columns} pointedAt={pointedAt} onPoint={setPointedAt} />
        {active !== undefined && pointedAt !== null && (
          <Tip place={(pointedAt + 0.5) / columns.length}>
            <span class="tip-name">{active.name}</span>
            <strong class="number">{active.shown}</strong>
            {active.more.map((line) => (
              <span key={line}>{line}</span>
            ))}
          </Tip>
        )}
      </div>
    </figure>
  );
}

/** Seen beside the pointer; what it says is read out of the column itself. */
function Tip({ place, children }: { place: number; children: ComponentChildren }) {
  return (
    <div class="tip" aria-hidden="true" style={{ "--place": place }}>
      {children}
    </div>
  );
}

function Columns({
  name,
  columns,
  pointedAt,
  onPoint,
}: {
  name: string;
  columns: readonly Column[];
  pointedAt: number | null;
  onPoint: (place: number | null) => void;
}) {
  const list = useRef<HTMLOListElement>(null);
  const slide = useSlide(list, columns, onPoint);
  const there = useMemo(
    () => columns.flatMap((column, place) => (column.isToCome ? [] : [place])),
    [columns],
  );
  const entry = pointedAt !== null && there.includes(pointedAt) ? pointedAt : there[0];

  function move(event: KeyboardEvent, place: number): void {
    const here = there.indexOf(place);
    const next = {
      ArrowLeft: there[here - 1],
      ArrowRight: there[here + 1],
      Home: there[0],
      End: there.at(-1),
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    list.current?.children[next]?.querySelector<HTMLElement>("a, button")?.focus();
  }

  return (
    <ol
      ref={list}
      class="columns"
      aria-label={name}
      onPointerLeave={() => onPoint(null)}
      {...slide}
    >
      {columns.map((column, place) => {
        const given = {
          class: "column",
          "aria-label": column.said,
          tabIndex: place === entry ? 0 : -1,
          onFocus: () => onPoint(place),
          onBlur: () => onPoint(null),
          onKeyDown: (event: KeyboardEvent) => move(event, place),
        };
        return (
          <li key={column.key} onPointerEnter={() => onPoint(column.isToCome ? null : place)}>
            {column.isToCome ? null : column.to === undefined ? (
              <button type="button" {...given} onClick={() => onPoint(place)} />
            ) : (
              <Link href={column.to} {...given} />
            )}
          </li>
        );
      })}
    </ol>
  );
}

/** Lets a thumb slide over narrow columns to the right one; where it is lifted is opened. */
function useSlide(
  list: { current: HTMLOListElement | null },
  columns: readonly Column[],
  onPoint: (place: number | null) => void,
) {
  const [, navigate] = useLocation();
  const from = useRef<number | null>(null);
  const at = ({ clientX }: PointerEvent): number | null => {
    const box = list.current?.getBoundingClientRect();
    if (!box) return null;
    const place = Math.floor(((clientX - box.left) / box.width) * columns.length);
    return columns[place]?.isToCome === false ? place : null;
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.pointerType !== "touch") return;
      from.current = at(event);
      onPoint(from.current);
    },
    onPointerMove: (event: PointerEvent) => {
      if (from.current !== null) onPoint(at(event));
    },
    onPointerUp: (event: PointerEvent) => {
      if (from.current === null) return;
      const place = at(event);
      const to = place !== null && place !== from.current ? columns[place]?.to : undefined;
      from.current = null;
      if (to !== undefined) navigate(to); // without a slide, the tap on the link is enough
    },
    onPointerCancel: () => {
      from.current = null;
      onPoint(null);
    },
  };
}
