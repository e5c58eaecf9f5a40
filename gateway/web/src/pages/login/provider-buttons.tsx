import { useQuery } from "@tanstack/preact-query";
import { useLocation } from "wouter-preact";
import { answerOf, api } from "../../api/client";
import { ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/button";
import { Failed } from "../../ui/failed";
import { sendTo } from "./provider-flow";
import { providers } from "./queries";

const TEXTS = texts({
  nn: { use: (name: string) => `Hald fram med ${name}` },
  nb: { use: (name: string) => `Fortsett med ${name}` },
  en: { use: (name: string) => `Continue with ${name}` },
});

/** The third parties that one can log in with; nothing where there are none. */
export function ProviderButtons() {
  const words = said(TEXTS);
  const [location] = useLocation();
  const { data } = useQuery(providers);
  const begin = useAction(async ({ id, name }: { id: string; name: string }) => {
    const flow = await answerOf(
      api.POST("/v1/identityProviders/{provider_id}:begin", {
        params: { path: { provider_id: id } },
        body: { client: "WEB" },
      }),
    );
    const back = location === ROUTES.login ? ROUTES.home : location;
    sendTo(flow.authorizationUrl, { purpose: "login", name, back });
  });
  if (!data?.length) return null;
  return (
    <>
      {data.map((provider) => (
        <Button
          key={provider.id}
          variant="secondary"
          wide
          busy={begin.busy}
          onClick={() => void begin.run(provider)}
        >
          {words.use(provider.name)}
        </Button>
      ))}
      {begin.error !== null && <Failed error={begin.error} />}
    </>
  );
}
