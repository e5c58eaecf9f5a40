import { useEffect, useState } from "preact/hooks";
import { now } from "../api/clock";

/** The present moment by the server's clock, which goes on while it is shown. */
export function useNow(everyMs = 1000): number {
  const [moment, setMoment] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => setMoment(now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return moment;
}
