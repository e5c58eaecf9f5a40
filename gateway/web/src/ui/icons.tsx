/** Icons of our own, 24 by 24, drawn in the colour of the text; all of them mere decoration. */

const PATHS = {
  home: "M4 11.5 12 4l8 7.5M6.5 10v9.5h4v-5h3v5h4V10",
  usage: "M5 20V11M10 20V5M15 20v-7M20 20V8",
  tickets: "M4 7h16v3.2a1.8 1.8 0 0 0 0 3.6V17H4v-3.2a1.8 1.8 0 0 0 0-3.6zM14 7v10",
  shield: "M12 3.5 5 6v5.5c0 4.3 2.9 7.6 7 9 4.1-1.4 7-4.7 7-9V6zM8.8 12l2.3 2.3 4.2-4.4",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 14.5v2",
  file: "M6 3.5h7.5L18 8v12.5H6zM13.5 3.5V8H18M12 11v6M9.5 14.5 12 17l2.5-2.5",
  profile: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4.5 20c.8-3.6 3.8-5.5 7.5-5.5s6.7 1.9 7.5 5.5",
  help: "M5 13v-1a7 7 0 0 1 14 0v1M5 13h2.5v5H6a1 1 0 0 1-1-1zM19 13h-2.5v5H18a1 1 0 0 0 1-1zM18 18c0 1.7-2 2.5-4.5 2.5",
  staff: "M4 6h16M4 12h10M4 18h10M17 15l2 2 3-4",
  calendar: "M5 6h14v14H5zM5 10.5h14M9 3.5V8M15 3.5V8",
  letter: "M3.5 6h17v12.5h-17zM4 6.5l8 6.5 8-6.5",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13M15.5 15.5 20 20",
  stop: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17M6.2 17.8 17.8 6.2",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
