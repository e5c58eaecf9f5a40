import type { Span } from "./period";
import type { MeteringPoint } from "./queries";

/** A metering point, and from when to when somebody holds it: all contracts on it, as one. */
export type Point = { contract: MeteringPoint; held: Span; isOver: boolean };

/** Returns metering points by their newest contracts: those that last first, homes before cabins. */
export function pointsOf(contracts: readonly MeteringPoint[], today: string): Point[] {
  const points = new Map<string, Point>();
  for (const contract of contracts) {
    const { gsrn, to } = contract;
    const from = points.get(gsrn)?.held.from ?? contract.from;
    points.set(gsrn, { contract, held: { from, to }, isOver: to !== "" && to <= today });
  }
  return [...points.values()].sort((one, other) => rank(one) - rank(other));
}

function rank({ contract, isOver }: Point): number {
  return (isOver ? 2 : 0) + (contract.premises === "CABIN" ? 1 : 0);
}
