import { useMemo } from "preact/hooks";
import encodeQR from "qr";

const QUIET_ZONE = 4;

/** A QR code, black on white in the dark as well, since scanners want it so. */
export function Qr({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => drawn(text), [text]);
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <path d={path} />
    </svg>
  );
}

/** Returns the dark modules as a path, a row of them at a time. */
function drawn(text: string): { size: number; path: string } {
  const rows = encodeQR(text, "raw", { ecc: "medium", border: QUIET_ZONE });
  const path = rows.flatMap((row, y) =>
    row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")),
  );
  return { size: rows.length, path: path.join("") };
}
