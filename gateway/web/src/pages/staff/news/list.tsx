import { useQuery } from "@tanstack/preact-query";
import { Link } from "wouter-preact";
import { beside, dateAndTime, whole } from "../../../format";
import { at, ROUTES } from "../../../routes";
import { said, texts } from "../../../texts/language";
import { ButtonLink } from "../../../ui/button";
import { Loaded } from "../../../ui/loaded";
import { Page } from "../../../ui/page";
import { ForStaff } from "../for-staff";
import { type Mailing, mailings } from "../queries";
import { StateTag } from "./state";
import "../staff.css";
import "./news.css";

const TEXTS = texts({
  nn: {
    title: "Nyhende",
    back: "For tilsette",
    create: "Skriv nytt",
    intro: "Går berre til dei som har sagt ja til nytt om Kraftklubben, og til ingen andre.",
    none: "Ingen nyhende enno.",
    system: "Automatisk",
    sent: (customers: string) => `${customers} har fått`,
    begins: (when: string) => `startar ${when}`,
    changed: (when: string) => `endra ${when}`,
    ended: (when: string) => `ferdig ${when}`,
  },
  nb: {
    title: "Nyheter",
    back: "For ansatte",
    create: "Skriv nytt",
    intro: "Går bare til dem som har sagt ja til nytt om Kraftklubben, og til ingen andre.",
    none: "Ingen nyheter ennå.",
    system: "Automatisk",
    sent: (customers: string) => `${customers} har fått`,
    begins: (when: string) => `starter ${when}`,
    changed: (when: string) => `endret ${when}`,
    ended: (when: string) => `ferdig ${when}`,
  },
  en: {
    title: "News",
    back: "For staff",
    create: "Write news",
    intro: "Goes only to those who have said yes to news of Kraftklubben, and to nobody else.",
    none: "No news yet.",
    system: "Automatic",
    sent: (customers: string) => `Sent to ${customers}`,
    begins: (when: string) => `begins ${when}`,
    changed: (when: string) => `changed ${when}`,
    ended: (when: string) => `ended ${when}`,
  },
});

/** All news, written by staff or sent by itself. */
export default function Mailings() {
  const words = said(TEXTS);
  const query = useQuery(mailings);
  return (
    <ForStaff roles={["EVENT_STAFF"]}>
      <Page title={words.title} back={{ to: ROUTES.staff, text: words.back }} wide>
        <p>{words.intro}</p>
        <p>
          <ButtonLink to={ROUTES.newMailing}>{words.create}</ButtonLink>
        </p>
        <Loaded query={query}>
          {(all) =>
            all.length === 0 ? (
              <p class="quiet">{words.none}</p>
            ) : (
              <ul class="event-rows">
                {all.map((mailing) => (
                  <Row key={mailing.id} mailing={mailing} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Page>
    </ForStaff>
  );
}

function Row({ mailing }: { mailing: Mailing }) {
  const words = said(TEXTS);
  const { id, title, kind, state, progress } = mailing;
  return (
    <li>
      <Link class="staff-row" href={at(ROUTES.mailing, { mailing: id })}>
        <span class="what">
          <strong>{title}</strong>
          <span class="quiet">
            {beside(kind !== "news" && words.system, happened(mailing, words))}
          </span>
        </span>
        <span class="row">
          {progress !== null && progress.sent > 0 && (
            <span class="number">{words.sent(whole(progress.sent))}</span>
          )}
          <StateTag state={state} />
        </span>
      </Link>
    </li>
  );
}

function happened(mailing: Mailing, words: ReturnType<typeof said<(typeof TEXTS)["nn"]>>): string {
  const { startsAt, endedAt, changedAt } = mailing;
  if (endedAt) return words.ended(dateAndTime(endedAt));
  if (startsAt) return words.begins(dateAndTime(startsAt));
  return changedAt ? words.changed(dateAndTime(changedAt)) : "";
}
