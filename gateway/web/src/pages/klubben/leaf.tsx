import { beside, clock, dayOfMonth, longDate, shortMonth, shortWeekday } from "../../format";
import { moment } from "./queries";

/** A date as a leaf of a calendar. It is decoration: the date stands in words beside it. */
export function Leaf({ startsAt }: { startsAt: string | null }) {
  const day = moment(startsAt);
  return (
    <span class="leaf" aria-hidden="true">
      <span class="leaf-month">{shortMonth(day)}</span>
      <span class="leaf-day">{dayOfMonth(day)}</span>
      <span class="leaf-weekday">{shortWeekday(day)}</span>
    </span>
  );
}

/** When and where an event is. */
export function WhenAndWhere({ startsAt, venue }: { startsAt: string | null; venue: string }) {
  return (
    <div class="facts">
      <Leaf startsAt={startsAt} />
      <p>
        <strong>{longDate(moment(startsAt))}</strong>
        <br />
        {beside(clock(moment(startsAt)), venue)}
      </p>
    </div>
  );
}
