import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { answerOf, api } from "../../api/client";
import { queries } from "../../api/queries";
import type { components } from "../../api/schema";
import { date } from "../../format";
import { ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { Failed } from "../../ui/failed";
import { sendTo } from "../login/provider-flow";
import { providers } from "../login/queries";
import { Confirm } from "./confirm";
import { linkedProviders } from "./queries";

type Provider = components["schemas"]["IdentityProvider"];

const TEXTS = texts({
  nn: {
    title: "Andre måtar å logge inn på",
    linked: (when: string) => `Kopla til ${when}`,
    not: "Ikkje kopla til",
    link: "Kople til",
    linkNamed: (name: string) => `Kople til ${name}`,
    unlink: "Kople frå",
    unlinkNamed: (name: string) => `Kople frå ${name}`,
    unlinkTitle: (name: string) => `Kople frå ${name}?`,
    unlinkText: (name: string) => `Då kan du ikkje lenger logge inn her med ${name}.`,
  },
  nb: {
    title: "Andre måter å logge inn på",
    linked: (when: string) => `Koblet til ${when}`,
    not: "Ikke koblet til",
    link: "Koble til",
    linkNamed: (name: string) => `Koble til ${name}`,
    unlink: "Koble fra",
    unlinkNamed: (name: string) => `Koble fra ${name}`,
    unlinkTitle: (name: string) => `Koble fra ${name}?`,
    unlinkText: (name: string) => `Da kan du ikke lenger logge inn her med ${name}.`,
  },
  en: {
    title: "Other ways to log in",
    linked: (when: string) => `Linked ${when}`,
    not: "Not linked",
    link: "Link",
    linkNamed: (name: string) => `Link ${name}`,
    unlink: "Unlink",
    unlinkNamed: (name: string) => `Unlink ${name}`,
    unlinkTitle: (name: string) => `Unlink ${name}?`,
    unlinkText: (name: string) => `Then you can no longer log in here with ${name}.`,
  },
});

/** The third parties that the account can log in with; nothing where there are none. */
export function Providers() {
  const words = said(TEXTS);
  const all = useQuery(providers).data;
  const linked = useQuery(linkedProviders).data;
  const [unlinked, setUnlinked] = useState<Provider | null>(null);
  const link = useAction(async ({ id, name }: Provider) => {
    const flow = await answerOf(
      api.POST("/v1/me/identityProviders/{provider_id}:begin", {
        params: { path: { provider_id: id } },
        body: { client: "WEB" },
      }),
    );
    sendTo(flow.authorizationUrl, { purpose: "link", name, back: ROUTES.security });
  });
  const unlink = useAction(async (id: string, headers) => {
    await api.DELETE("/v1/me/identityProviders/{provider_id}", {
      params: { path: { provider_id: id }, header: headers },
    });
    await queries.invalidateQueries(linkedProviders);
    setUnlinked(null);
  });
  if (!all?.length || !linked) return null;
  return (
    <section class="ds-card stack">
      <h2 class="ds-heading" data-size="xs">
        {words.title}
      </h2>
      <ul class="lines">
        {all.map((each) => {
          const found = linked.find(({ provider }) => provider?.id === each.id);
          return (
            <li key={each.id} class="line">
              <div>
                <p class="name">{each.name}</p>
                <p class="quiet">
                  {found?.linkedAt ? words.linked(date(found.linkedAt)) : words.not}
                </p>
              </div>
              {found ? (
                <Button
                  variant="tertiary"
                  color="danger"
                  aria-label={words.unlinkNamed(each.name)}
                  onClick={() => {
                    unlink.forget();
                    setUnlinked(each);
                  }}
                >
                  {words.unlink}
                </Button>
              ) : (
                <Button
                  variant="secondary"
                  busy={link.busy}
                  aria-label={words.linkNamed(each.name)}
                  onClick={() => void link.run(each)}
                >
                  {words.link}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      {link.error !== null && <Failed error={link.error} />}
      {unlinked && (
        <Confirm
          title={words.unlinkTitle(unlinked.name)}
          yes={words.unlink}
          action={unlink}
          onYes={() => void unlink.run(unlinked.id)}
          onClose={() => setUnlinked(null)}
        >
          <p>{words.unlinkText(unlinked.name)}</p>
        </Confirm>
      )}
    </section>
  );
}
