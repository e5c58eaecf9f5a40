import { kroner } from "../../format";

export type CostLine = {
  key: string;
  name: string;
  /** How it comes about: energy and price. */
  note?: string;
  /** In kr; null if it is unknown. */
  cost: number | null;
};

/** A part of a bill; its sum is told where the bill says what it comes to. */
export type CostGroup = { name: string; sum?: number | null; lines: readonly CostLine[] };

/** What a cost is made of, line by line, each with a bar that shows how large it is. */
export function CostLines({
  caption,
  groups,
  sum,
  total,
}: {
  caption: string;
  groups: readonly CostGroup[];
  sum: string;
  total: number | null;
}) {
  const shown = groups.filter((group) => group.lines.length > 0);
  const lines = groups.flatMap((group) => group.lines);
  const largest = Math.max(...lines.map(({ cost }) => Math.abs(cost ?? 0)), 0);
  return (
    <table class="cost-lines">
      <caption class="ds-sr-only">{caption}</caption>
      {shown.map((group) => (
        <tbody key={group.name}>
          {shown.length > 1 && (
            <tr class="group">
              <th scope="rowgroup">{group.name}</th>
              <td>{group.sum === undefined ? null : kroner(group.sum)}</td>
            </tr>
          )}
          {group.lines.map(({ key, name, note, cost }) => (
            <tr key={key}>
              <th scope="row">
                {name}
                {note && <span class="quiet">{note}</span>}
                {cost !== null && largest > 0 && (
                  <span
                    class="share"
                    data-sign={cost < 0 ? "less" : "more"}
                    style={{ width: `${(Math.abs(cost) / largest) * 100}%` }}
                  />
                )}
              </th>
              <td>{kroner(cost)}</td>
            </tr>
          ))}
        </tbody>
      ))}
      <tfoot>
        <tr>
          <th scope="row">{sum}</th>
          <td>{kroner(total)}</td>
        </tr>
      </tfoot>
    </table>
  );
}
