import { said, texts } from "../../texts/language";
import { Select } from "../../ui/field";
import type { Point } from "./points";

const TEXTS = texts({
  nn: {
    choose: "Målar",
    cabin: (address: string) => `Hytte: ${address}`,
    ended: "avslutta",
    point: (gsrn: string) => `Målepunkt ${gsrn}`,
  },
  nb: {
    choose: "Måler",
    cabin: (address: string) => `Hytte: ${address}`,
    ended: "avsluttet",
    point: (gsrn: string) => `Målepunkt ${gsrn}`,
  },
  en: {
    choose: "Meter",
    cabin: (address: string) => `Cabin: ${address}`,
    ended: "ended",
    point: (gsrn: string) => `Metering point ${gsrn}`,
  },
});

/** Which metering point is shown, and the choice where there are several. */
export function PointChoice({
  points,
  chosen,
  onChoose,
}: {
  points: readonly Point[];
  chosen: Point;
  onChoose: (gsrn: string) => void;
}) {
  const words = said(TEXTS);
  const { contract } = chosen;
  return (
    <div class="point">
      {points.length > 1 ? (
        <Select
          label={words.choose}
          options={points.map((point) => [point.contract.gsrn, nameOf(point, points)] as const)}
          chosen={contract.gsrn}
          onChoose={onChoose}
        />
      ) : (
        <p>
          <strong>{nameOf(chosen, points)}</strong>
        </p>
      )}
      <p class="quiet">{words.point(contract.gsrn)}</p>
    </div>
  );
}

/** Its address, and what else tells it from the others. */
function nameOf({ contract, isOver }: Point, points: readonly Point[]): string {
  const words = said(TEXTS);
  const isTwice = points.filter((each) => each.contract.address === contract.address).length > 1;
  const details = [isOver ? words.ended : "", isTwice ? `… ${contract.gsrn.slice(-6)}` : ""].filter(
    Boolean,
  );
  const address = contract.address || contract.gsrn;
  const name = contract.premises === "CABIN" ? words.cabin(address) : address;
  return details.length > 0 ? `${name} (${details.join(", ")})` : name;
}
