import { useMemo } from "preact/hooks";
import { useLocation, useParams, useSearch } from "wouter-preact";
import { ROUTES } from "../../routes";
import { type Period, pathOf, periodOf } from "./period";
import type { Direction } from "./queries";

export type Unit = "kwh" | "kr";

/** What is shown, all of it in the address: so going back, loading again and sharing work. */
export type Where = {
  /** Undefined where the calendar has none such. */
  period: Period | undefined;
  /** The metering point that was chosen, if one was. */
  gsrn: string | undefined;
  unit: Unit;
  direction: Direction;
};

const POINT = "punkt";
const UNIT = "vis";
const DIRECTION = "retning";
const PRODUCTION = "produksjon";

/** Returns what the address says is shown, and how to get elsewhere. */
export function useWhere() {
  const { year, month, day } = useParams<{ year?: string; month?: string; day?: string }>();
  const search = useSearch();
  const [, navigate] = useLocation();
  return useMemo(() => {
    const asked = new URLSearchParams(search);
    const where: Where = {
      period: periodOf(year, month, day),
      gsrn: asked.get(POINT) ?? undefined,
      unit: asked.get(UNIT) === "kr" ? "kr" : "kwh",
      direction: asked.get(DIRECTION) === PRODUCTION ? "PRODUCTION" : "CONSUMPTION",
    };
    return {
      ...where,
      /** The address of another period of the same. */
      to: (period: Period) => addressOf({ ...where, period }),
      /** Shows the same otherwise; going back leads past it. */
      change: (changed: Partial<Where>) =>
        navigate(addressOf({ ...where, ...changed }), { replace: true }),
    };
  }, [year, month, day, search, navigate]);
}

function addressOf({ period = "", gsrn, unit, direction }: Where): string {
  const asked = new URLSearchParams();
  if (gsrn !== undefined) asked.set(POINT, gsrn);
  if (unit === "kr") asked.set(UNIT, unit);
  if (direction === "PRODUCTION") asked.set(DIRECTION, PRODUCTION);
  return `${ROUTES.usage}${pathOf(period)}${asked.size > 0 ? `?${asked}` : ""}`;
}
