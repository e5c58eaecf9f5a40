import type { Chart } from "chart.js";
import { useEffect, useRef } from "preact/hooks";
import { type Bar, type Colour, draw } from "./bars";
import { useMedia } from "./media";

/** The drawn part of a chart, which says nothing to those who cannot see it. */
export default function Canvas({ bars, colour }: { bars: readonly Bar[]; colour: Colour }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const isDark = useMedia("(prefers-color-scheme: dark)");
  const isStill = useMedia("(prefers-reduced-motion: reduce)");
  useEffect(() => {
    // Dark or light, the colours are other ones, and so is the drawing.
    const chart: Chart | null = canvas.current && draw(canvas.current, bars, { colour, isStill });
    return () => chart?.destroy();
  }, [bars, colour, isStill, isDark]);
  return (
    <div class="drawing" aria-hidden="true">
      <canvas ref={canvas} />
    </div>
  );
}
