import { useEffect, useRef } from "preact/hooks";
import { now } from "../../api/clock";

const JUST_NOW_MS = 5_000;

/**
 * Leads on to the heading of what has just come about, where the button that was pressed is gone: a
 * keyboard and a screen reader would be sent back to the top of the page.
 *
 * @param happenedAt When it came about, by the server's clock.
 * @param count What else grows when something new has come about.
 */
export function useFreshHeading(happenedAt: number, count = 0) {
  const heading = useRef<HTMLHeadingElement>(null);
  const before = useRef(count);
  useEffect(() => {
    const isFresh = now() - happenedAt < JUST_NOW_MS || count > before.current;
    before.current = count;
    if (isFresh && document.activeElement === document.body) heading.current?.focus();
  }, [happenedAt, count]);
  return heading;
}
