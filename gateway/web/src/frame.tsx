import type { ComponentChildren } from "preact";
import { Link, useLocation } from "wouter-preact";
import { useMe } from "./api/queries";
import { OfferBanner } from "./pages/klubben/offer-banner";
import { at, ROUTES } from "./routes";
import { LANGUAGES, type Language, language, said, speak, texts } from "./texts/language";
import { Icon, type IconName } from "./ui/icons";
import { UpdateNotice } from "./update-notice";

const TEXTS = texts({
  nn: {
    skip: "Gå til innhaldet",
    language: "Språk",
    nav: "Hovudmeny",
    home: "Heim",
    usage: "Forbruk",
    klubben: "Kraftklubben",
    profile: "Min profil",
    help: "Kundeservice",
    staff: "For tilsette",
    login: "Logg inn",
  },
  nb: {
    skip: "Gå til innholdet",
    language: "Språk",
    nav: "Hovedmeny",
    home: "Hjem",
    usage: "Forbruk",
    klubben: "Kraftklubben",
    profile: "Min profil",
    help: "Kundeservice",
    staff: "For ansatte",
    login: "Logg inn",
  },
  en: {
    skip: "Go to the content",
    language: "Language",
    nav: "Main menu",
    home: "Home",
    usage: "Consumption",
    klubben: "Kraftklubben",
    profile: "Profile",
    help: "Help",
    staff: "For staff",
    login: "Log in",
  },
});

type Word = keyof (typeof TEXTS)["nn"];

const CUSTOMERS: readonly (readonly [string, IconName, Word])[] = [
  [ROUTES.home, "home", "home"],
  [ROUTES.usage, "usage", "usage"],
  [ROUTES.klubben, "tickets", "klubben"],
  [ROUTES.profile, "profile", "profile"],
  [ROUTES.help, "help", "help"],
];
const STAFF: typeof CUSTOMERS = [
  [ROUTES.staff, "staff", "staff"],
  [ROUTES.profile, "profile", "profile"],
];

/** What stands around every page. */
export function Frame({ children }: { children: ComponentChildren }) {
  const words = said(TEXTS);
  const { data: me } = useMe();
  const [location] = useLocation();
  const entries = me ? (me.roles.length > 0 ? STAFF : CUSTOMERS) : [];
  const place = location.startsWith(at(ROUTES.tickets, { reservation: "" }))
    ? ROUTES.klubben
    : location;
  const isHere = (path: string) => (path === ROUTES.home ? place === path : place.startsWith(path));
  return (
    <div class={entries.length > 0 ? "with-nav" : undefined}>
      <a class="skip ds-link" href="#content">
        {words.skip}
      </a>
      <header>
        <div class="bar">
          <Link class="brand" href={ROUTES.home}>
            <img src="/icon.svg" alt="" width="32" height="32" />
            Kundeapp
          </Link>
          <div class="row">
            {me === null && location !== ROUTES.login && (
              <Link class="ds-link" href={ROUTES.login}>
                {words.login}
              </Link>
            )}
            <LanguageChoice label={words.language} />
          </div>
        </div>
        {entries.length > 0 && (
          <nav class="nav" aria-label={words.nav}>
            <ul>
              {entries.map(([path, icon, word]) => (
                <li key={path}>
                  <Link href={path} aria-current={isHere(path) ? "page" : undefined}>
                    <Icon name={icon} />
                    <span>{words[word]}</span>
                  </Link>
                </li>
              ))}
            </ul>
          </nav>
        )}
      </header>
      <UpdateNotice />
      {me && me.customers.length > 0 && <OfferBanner location={location} />}
      <main id="content">{children}</main>
    </div>
  );
}

function LanguageChoice({ label }: { label: string }) {
  return (
    <select
      class="language"
      aria-label={label}
      value={language.value}
      onChange={(event) => speak(event.currentTarget.value as Language)}
    >
      {Object.entries(LANGUAGES).map(([code, name]) => (
        <option key={code} value={code} lang={code}>
          {name}
        </option>
      ))}
    </select>
  );
}
