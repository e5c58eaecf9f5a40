import { useQuery } from "@tanstack/preact-query";
import type { VNode } from "preact";
import { Link } from "wouter-preact";
import { beside, dateAndTime } from "../../format";
import { at, ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { ButtonLink } from "../../ui/button";
import { Icon, type IconName } from "../../ui/icons";
import { Page } from "../../ui/page";
import { phaseOf } from "./events/phase";
import { ForStaff, type Role, useHolds } from "./for-staff";
import { allEvents } from "./queries";
import "./staff.css";

const TEXTS = texts({
  nn: {
    title: "For tilsette",
    next: "Neste arrangement",
    door: "Opne døra",
    guests: "Gjesteliste",
    tiles: {
      events: ["Arrangement", "Lag, publiser og følg med på billettane"],
      mailings: ["Nyhende", "Skriv til dei som vil ha nytt om Kraftklubben"],
      lookUp: ["Kundeoppslag", "Finn ein kunde som ringjer, med grunn"],
      suppressions: ["Sperringar", "Adresser som ikkje skal ha noko frå oss"],
    },
    imports: "Import av kundar, målepunkt, avlesingar og prisar går føre seg på kommandolinja:",
  },
  nb: {
    title: "For ansatte",
    next: "Neste arrangement",
    door: "Åpne døren",
    guests: "Gjesteliste",
    tiles: {
      events: ["Arrangement", "Lag, publiser og følg med på billettene"],
      mailings: ["Nyheter", "Skriv til dem som vil ha nytt om Kraftklubben"],
      lookUp: ["Kundeoppslag", "Finn en kunde som ringer, med grunn"],
      suppressions: ["Sperringer", "Adresser som ikke skal ha noe fra oss"],
    },
    imports: "Import av kunder, målepunkter, avlesninger og priser skjer på kommandolinjen:",
  },
  en: {
    title: "For staff",
    next: "Next event",
    door: "Open the door",
    guests: "Guest list",
    tiles: {
      events: ["Events", "Make, publish, and follow the tickets"],
      mailings: ["News", "Write to those who want news of Kraftklubben"],
      lookUp: ["Customer look-up", "Find a customer who calls, for a reason"],
      suppressions: ["Suppressions", "Addresses that must get nothing from us"],
    },
    imports: "Customers, metering points, readings and prices are imported on the command line:",
  },
});

type Tile = keyof (typeof TEXTS)["nn"]["tiles"];

const TILES: readonly (readonly [Tile, string, IconName, readonly Role[]])[] = [
  ["events", ROUTES.staffEvents, "calendar", ["EVENT_STAFF", "CUSTOMER_SERVICE"]],
  ["mailings", ROUTES.mailings, "letter", ["EVENT_STAFF"]],
  ["lookUp", ROUTES.lookUp, "search", ["CUSTOMER_SERVICE"]],
  ["suppressions", ROUTES.suppressions, "stop", ["CUSTOMER_SERVICE", "OPERATOR"]],
];

/** What a member of staff can do here, by role. */
export default function StaffHome() {
  const words = said(TEXTS);
  return (
    <ForStaff>
      <Page title={words.title}>
        <Next />
        <ul class="tiles">
          {TILES.map(([tile, to, icon, roles]) => (
            <OfRole key={tile} roles={roles}>
              <li>
                <Link class="tile" href={to}>
                  <Icon name={icon} />
                  <span>
                    <strong>{words.tiles[tile][0]}</strong>
                    <span class="quiet">{words.tiles[tile][1]}</span>
                  </span>
                </Link>
              </li>
            </OfRole>
          ))}
        </ul>
        <OfRole roles={["OPERATOR"]}>
          <p class="quiet">
            {words.imports} <code>kundeapp import --help</code>
          </p>
        </OfRole>
      </Page>
    </ForStaff>
  );
}

function OfRole({ roles, children }: { roles: readonly Role[]; children: VNode }) {
  return useHolds(...roles) ? children : null;
}

/** The event that comes next, for those who meet its guests. */
function Next() {
  const words = said(TEXTS);
  const isHost = useHolds("EVENT_STAFF");
  const meetsGuests = useHolds("EVENT_STAFF", "CUSTOMER_SERVICE");
  const { data } = useQuery({ ...allEvents, enabled: meetsGuests });
  const next = data?.find((event) => phaseOf(event) === "coming");
  if (!next?.startsAt) return null;
  return (
    <section class="ds-card stack next-event" data-color="accent" data-variant="tinted">
      <div>
        <p class="quiet">{words.next}</p>
        <h2 class="ds-heading" data-size="sm">
          <Link class="ds-link" href={at(ROUTES.staffEvent, { event: next.id })}>
            {next.title}
          </Link>
        </h2>
        <p>{beside(dateAndTime(next.startsAt), next.venue)}</p>
      </div>
      <div class="row">
        {isHost && <ButtonLink to={at(ROUTES.door, { event: next.id })}>{words.door}</ButtonLink>}
        <ButtonLink to={at(ROUTES.guests, { event: next.id })} variant="secondary">
          {words.guests}
        </ButtonLink>
      </div>
    </section>
  );
}
