import { Link } from "wouter-preact";
import { Icon, type IconName } from "./icons";

/** A way to a page, in a list of `tiles`. */
export function Tile({
  to,
  icon,
  title,
  text,
}: {
  to: string;
  icon: IconName;
  title: string;
  text: string;
}) {
  return (
    <li>
      <Link class="tile" href={to}>
        <Icon name={icon} />
        <span>
          <strong>{title}</strong>
          <span class="quiet">{text}</span>
        </span>
      </Link>
    </li>
  );
}
