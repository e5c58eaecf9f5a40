import { queryOptions, useQuery } from "@tanstack/preact-query";
import { answerOf, api } from "../../api/client";
import type { components } from "../../api/schema";
import { dateAndTime, time } from "../../format";
import { language, said, texts } from "../../texts/language";
import { Loaded } from "../../ui/loaded";
import { Page } from "../../ui/page";

type Line = components["schemas"]["LineOfBusiness"];
type Opening = components["schemas"]["Opening"];

const TEXTS = texts({
  nn: {
    title: "Kundeservice",
    open: "Ope no",
    closed: "Stengt no",
    until: (when: string) => `til kl. ${when}`,
    again: (when: string) => `Opnar ${when}`,
    week: "Opningstider",
    visit: "Besøk oss",
    write: "Skriv til oss",
    aroundTheClock: "Heile døgnet",
  },
  nb: {
    title: "Kundeservice",
    open: "Åpent nå",
    closed: "Stengt nå",
    until: (when: string) => `til kl. ${when}`,
    again: (when: string) => `Åpner ${when}`,
    week: "Åpningstider",
    visit: "Besøk oss",
    write: "Skriv til oss",
    aroundTheClock: "Hele døgnet",
  },
  en: {
    title: "Customer service",
    open: "Open now",
    closed: "Closed now",
    until: (when: string) => `until ${when}`,
    again: (when: string) => `Opens ${when}`,
    week: "Opening hours",
    visit: "Visit us",
    write: "Write to us",
    aroundTheClock: "Around the clock",
  },
});

const customerService = (spoken: string) =>
  queryOptions({
    queryKey: ["customerService", spoken],
    queryFn: () => answerOf(api.GET("/v1/customerService")),
    refetchInterval: 60_000,
  });

/** Who to call, and whether anybody is there. */
export default function Help() {
  const words = said(TEXTS);
  const query = useQuery(customerService(language.value));
  return (
    <Page title={words.title}>
      <Loaded query={query}>
        {(service) => (
          <>
            {service.emergency && (
              <section class="ds-card stack" data-color="danger" data-variant="tinted">
                <h2 class="ds-heading" data-size="xs">
                  {service.emergency.name}
                </h2>
                {service.emergency.phone && <Phone {...service.emergency.phone} />}
                <p class="quiet">{words.aroundTheClock}</p>
              </section>
            )}
            {service.lines.map((line) => (
              <LineOfBusiness key={line.id} line={line} />
            ))}
            {service.visitingAddress && (
              <section class="ds-card stack">
                <h2 class="ds-heading" data-size="xs">
                  {words.visit}
                </h2>
                <address>
                  {service.visitingAddress.lines.map((line) => (
                    <div key={line}>{line}</div>
                  ))}
                </address>
                <Hours opening={service.visitingAddress.opening} />
              </section>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function LineOfBusiness({ line }: { line: Line }) {
  return (
    <section class="ds-card stack">
      <h2 class="ds-heading" data-size="xs">
        {line.name}
      </h2>
      {line.phones.map((phone) => (
        <Phone key={phone.number} {...phone} />
      ))}
      {line.email && (
        <p>
          <a class="ds-link" href={`mailto:${line.email}`}>
            {line.email}
          </a>
        </p>
      )}
      <Hours opening={line.opening} />
    </section>
  );
}

function Phone({ shown, number }: { shown: string; number: string }) {
  return (
    <p>
      <a class="ds-link phone" href={`tel:${number}`}>
        {shown}
      </a>
    </p>
  );
}

function Hours({ opening }: { opening: Opening | null }) {
  const words = said(TEXTS);
  if (opening === null) return null;
  const { openNow, closesAt, opensAt, specialDay, week } = opening;
  return (
    <>
      <p class="row">
        <span class="ds-tag" data-color={openNow ? "success" : "neutral"}>
          {openNow ? words.open : words.closed}
        </span>
        {openNow && closesAt && <span>{words.until(time(closesAt))}</span>}
        {!openNow && opensAt && <span>{words.again(dateAndTime(opensAt))}</span>}
        {specialDay && <span class="quiet">{specialDay}</span>}
      </p>
      <details class="ds-details">
        <summary>{words.week}</summary>
        <table class="ds-table hours">
          <tbody>
            {week.map((day) => (
              <tr key={day.weekday}>
                <th scope="row">{day.weekday}</th>
                <td class="number">{day.shown}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  );
}
