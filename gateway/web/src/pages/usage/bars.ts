import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartOptions,
  LinearScale,
  type Plugin,
} from "chart.js";
import { short } from "../../format";

Chart.register(BarController, BarElement, CategoryScale, LinearScale);

/** What a chart draws of a column. */
export type Bar = {
  /** What stands under it. */
  axis: string;
  value: number | null;
  /** That of the year before; null where there is none. */
  before: number | null;
  /** How much of it is not measured, or may change, from 0 to 1: hatched, from the foot up. */
  tentative: number;
  /** How much of it has no value, from 0 to 1: dots behind it, from the foot up. */
  missing: number;
  /** There is something to show, but it is not known how much: a dash. */
  isUnknown: boolean;
  /** It is this hour: a band behind it. */
  isNow: boolean;
  /** Pointed out, by a mark above it. */
  isMarked: boolean;
};

/** What the energy is: it has a colour of its own. */
export type Colour = "accent" | "sun";

/** How wide the numbers at the left are; as in the style, which lays the links over the columns. */
const GUTTER_REM = 3.25;
/** What the name of the last column may need beside it, as in the stylesheet. */
const OVERHANG_REM = 0.5;
const FONT_REM = 0.75;
const GROW_MS = 250;
/** A single hour of a year is seen as well. */
const LEAST_SEEN_PX = 6;

type Edge = "x" | "y" | "width";

type Drawing = {
  colour: Colour;
  isStill: boolean;
};

/**
 * Draws bars, with those of the year before as wide outlines behind them.
 *
 * @returns The chart, which is to be destroyed before another is drawn.
 */
export function draw(canvas: HTMLCanvasElement, bars: readonly Bar[], drawing: Drawing): Chart {
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  const colours = coloursOf(canvas, drawing.colour);
  const hasBefore = bars.some((bar) => bar.before !== null);
  return new Chart(canvas, {
    type: "bar",
    data: {
      labels: bars.map((bar) => bar.axis),
      datasets: [
        {
          data: bars.map((bar) => bar.value),
          order: 1,
          grouped: false,
          categoryPercentage: 1,
          barPercentage: hasBefore ? 0.54 : 0.74,
          maxBarThickness: hasBefore ? 2 * rem : 3.5 * rem,
          borderRadius: 2,
          backgroundColor: colours.bar,
        },
        {
          data: bars.map((bar) => bar.before),
          order: 2,
          grouped: false,
          categoryPercentage: 1,
          barPercentage: 0.94,
          maxBarThickness: 3.5 * rem,
          borderRadius: 2,
          borderWidth: { top: 2, left: 0, right: 0, bottom: 0 },
          borderColor: colours.outline,
          backgroundColor: colours.before,
        },
      ],
    },
    options: optionsOf(colours, rem, drawing.isStill),
    plugins: [marksOf(canvas, bars, colours, rem)],
  });
}

function optionsOf(colours: Colours, rem: number, isStill: boolean): ChartOptions<"bar"> {
  const font = { family: colours.font, size: FONT_REM * rem };
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: isStill ? false : { duration: GROW_MS },
    animations: { numbers: { type: "number", properties: ["y"] } }, // bars grow where they stand
    events: [], // the links over it are what is tapped and focused
    layout: { padding: { top: 0.75 * rem, right: OVERHANG_REM * rem } },
    scales: {
      x: {
        grid: { display: false },
        border: { display: false },
        ticks: { font, color: colours.text, maxRotation: 0, autoSkipPadding: 4 },
        afterFit: (axis) => {
          axis.paddingLeft = 0;
          axis.paddingRight = 0;
        },
      },
      y: {
        border: { display: false },
        grid: {
          color: ({ tick }) => (tick?.value === 0 ? colours.outline : colours.line),
          drawTicks: false,
        },
        ticks: {
          font,
          color: colours.text,
          maxTicksLimit: 5,
          padding: 6,
          callback: (value) => short(Number(value)),
        },
        afterFit: (axis) => {
          axis.width = GUTTER_REM * rem;
        },
      },
    },
  };
}

/** Shows what no bar can: what is missing, estimated or unknown, and what is pointed out. */
function marksOf(
  canvas: HTMLCanvasElement,
  bars: readonly Bar[],
  colours: Colours,
  rem: number,
): Plugin<"bar"> {
  const dotted = patternOf(canvas, colours.faint, (pen) => {
    pen.fillStyle = colours.outline;
    pen.fillRect(1, 1, 1.5, 1.5);
    pen.fillRect(5, 5, 1.5, 1.5);
  });
  const hatched = patternOf(canvas, colours.paper, (pen) => {
    pen.strokeStyle = colours.bar;
    pen.lineWidth = 2;
    for (const shift of [-8, 0, 8]) {
      pen.moveTo(shift - 2, 10);
      pen.lineTo(shift + 10, -2);
    }
    pen.stroke();
  });
  return {
    id: "marks",
    beforeDatasetsDraw({ ctx, chartArea, scales: { x, y } }) {
      if (!x || !y) return;
      const width = chartArea.width / bars.length;
      const foot = y.getPixelForValue(Math.max(y.min, 0));
      for (const [place, bar] of bars.entries()) {
        const left = x.getPixelForValue(place) - width / 2;
        if (bar.isNow) {
          ctx.fillStyle = colours.before;
          ctx.fillRect(left, chartArea.top, width, chartArea.height);
        }
        if (bar.missing > 0) {
          const height = Math.max(bar.missing * (foot - chartArea.top), LEAST_SEEN_PX);
          ctx.fillStyle = dotted;
          ctx.fillRect(left + 0.5, foot - height, width - 1, height);
        }
      }
    },
    afterDatasetsDraw(chart) {
      const { ctx, scales } = chart;
      if (!scales.y) return;
      const zero = scales.y.getPixelForValue(0);
      for (const [place, drawn] of chart.getDatasetMeta(0).data.entries()) {
        const bar = bars[place];
        if (!bar) continue;
        const { x, y, width } = drawn.getProps(["x", "y", "width"]) as Record<Edge, number>;
        if (bar.tentative > 0 && bar.value !== null) {
          const size = Math.max(bar.tentative * Math.abs(zero - y), LEAST_SEEN_PX);
          const height = Math.min(size, Math.abs(zero - y));
          ctx.fillStyle = hatched;
          ctx.strokeStyle = colours.bar;
          const top = y < zero ? zero - height : zero;
          ctx.fillRect(x - width / 2, top, width, height);
          ctx.strokeRect(x - width / 2 + 0.5, top, width - 1, height);
        }
        ctx.fillStyle = colours.ink;
        if (bar.isUnknown) ctx.fillRect(x - 4, zero - 9, 8, 2.5);
        if (bar.isMarked) {
          const tip = Math.min(y, zero) - 0.25 * rem;
          ctx.beginPath();
          ctx.moveTo(x - 4, tip - 6);
          ctx.lineTo(x + 4, tip - 6);
          ctx.lineTo(x, tip);
          ctx.fill();
        }
      }
    },
  };
}

function patternOf(
  canvas: HTMLCanvasElement,
  paper: string,
  paint: (pen: CanvasRenderingContext2D) => void,
): CanvasPattern | string {
  const tile = document.createElement("canvas");
  tile.width = 8;
  tile.height = 8;
  const pen = tile.getContext("2d");
  if (!pen) return paper;
  pen.fillStyle = paper;
  pen.fillRect(0, 0, 8, 8);
  paint(pen);
  return canvas.getContext("2d")?.createPattern(tile, "repeat") ?? paper;
}

type Colours = ReturnType<typeof coloursOf>;

function coloursOf(canvas: HTMLCanvasElement, colour: Colour) {
  const style = getComputedStyle(canvas);
  const token = (name: string) => style.getPropertyValue(`--ds-color-${name}`).trim();
  return {
    bar: token(`${colour}-base-default`),
    before: token(`${colour}-surface-tinted`),
    paper: token("neutral-surface-default"),
    faint: token("neutral-surface-tinted"),
    outline: token("neutral-border-default"),
    line: token("neutral-border-subtle"),
    text: token("neutral-text-subtle"),
    ink: token("neutral-text-default"),
    font: style.fontFamily,
  };
}
