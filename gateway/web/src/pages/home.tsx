import { lazy, Suspense } from "preact/compat";
import { useMe } from "../api/queries";
import type { components } from "../api/schema";
import { ROUTES } from "../routes";
import { said, texts } from "../texts/language";
import { ButtonLink } from "../ui/button";
import { Loaded, Loading } from "../ui/loaded";
import { Page } from "../ui/page";
import { Tile } from "../ui/tile";

const Reminder = lazy(() => import("./privacy/reminder"));

const TEXTS = texts({
  nn: {
    welcome: "Velkomen til Di side",
    hello: (name: string) => `Hei, ${name}`,
    intro:
      "Sjå straumforbruket ditt, reserver billettar til Kraftklubben, og vel sjølv kva vi får sende deg.",
    login: "Logg inn",
    register: "Ny her? Registrer deg",
    usage: "Forbruk",
    usageText: "kWh og kroner, frå år til time",
    klubben: "Kraftklubben",
    klubbenText: "Arrangement og billettar",
    profile: "Min profil",
    profileText: "Kontaktinfo, personvern og tryggleik",
    help: "Kundeservice",
    helpText: "Telefon og opningstider",
    staff: "For tilsette",
    staffText: "Arrangement, gjester og kundar",
  },
  nb: {
    welcome: "Velkommen til Di side",
    hello: (name: string) => `Hei, ${name}`,
    intro:
      "Se strømforbruket ditt, reserver billetter til Kraftklubben, og velg selv hva vi får sende deg.",
    login: "Logg inn",
    register: "Ny her? Registrer deg",
    usage: "Forbruk",
    usageText: "kWh og kroner, fra år til time",
    klubben: "Kraftklubben",
    klubbenText: "Arrangement og billetter",
    profile: "Min profil",
    profileText: "Kontaktinfo, personvern og sikkerhet",
    help: "Kundeservice",
    helpText: "Telefon og åpningstider",
    staff: "For ansatte",
    staffText: "Arrangement, gjester og kunder",
  },
  en: {
    welcome: "Welcome to Di side",
    hello: (name: string) => `Hello, ${name}`,
    intro:
      "See what power you use, reserve tickets to Kraftklubben, and decide what we may send you.",
    login: "Log in",
    register: "New here? Register",
    usage: "Consumption",
    usageText: "kWh and kroner, from years to hours",
    klubben: "Kraftklubben",
    klubbenText: "Events and tickets",
    profile: "My profile",
    profileText: "Contact, privacy and security",
    help: "Customer service",
    helpText: "Phone and opening hours",
    staff: "For staff",
    staffText: "Events, guests and customers",
  },
});

/** The front page: the way in, or the tiles of those who are in. */
export function Home() {
  const words = said(TEXTS);
  const me = useMe();
  return (
    <Loaded query={me}>
      {(account) => {
        if (account === null) return <Welcome />;
        const name = account.customers[0]?.name.split(" ")[0];
        return (
          <Page title={name ? words.hello(name) : words.welcome}>
            {account.customers.length > 0 ? (
              <Suspense fallback={<Loading />}>
                <Reminder>
                  <Tiles account={account} />
                </Reminder>
              </Suspense>
            ) : (
              <Tiles account={account} />
            )}
          </Page>
        );
      }}
    </Loaded>
  );
}

function Tiles({ account }: { account: components["schemas"]["Account"] }) {
  const words = said(TEXTS);
  return (
    <ul class="tiles">
      {account.roles.length > 0 ? (
        <Tile to={ROUTES.staff} icon="staff" title={words.staff} text={words.staffText} />
      ) : (
        <>
          <Tile to={ROUTES.usage} icon="usage" title={words.usage} text={words.usageText} />
          <Tile to={ROUTES.klubben} icon="tickets" title={words.klubben} text={words.klubbenText} />
        </>
      )}
      <Tile to={ROUTES.profile} icon="profile" title={words.profile} text={words.profileText} />
      <Tile to={ROUTES.help} icon="help" title={words.help} text={words.helpText} />
    </ul>
  );
}

function Welcome() {
  const words = said(TEXTS);
  return (
    <Page title={words.welcome}>
      <p class="ds-paragraph" data-size="lg">
        {words.intro}
      </p>
      <div class="stack narrow">
        <ButtonLink to={ROUTES.login} wide>
          {words.login}
        </ButtonLink>
        <ButtonLink to={ROUTES.register} variant="secondary" wide>
          {words.register}
        </ButtonLink>
      </div>
      <ul class="tiles">
        <Tile to={ROUTES.help} icon="help" title={words.help} text={words.helpText} />
      </ul>
    </Page>
  );
}
