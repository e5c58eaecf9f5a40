import { Link } from "wouter-preact";
import { useMe } from "../../api/queries";
import type { components } from "../../api/schema";
import { ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { ButtonLink } from "../../ui/button";
import { Loaded } from "../../ui/loaded";
import { Page } from "../../ui/page";
import { Tile } from "../../ui/tile";
import { DoneNotice } from "./done";
import { Letters } from "./letters";
import { LogOut } from "./log-out";
import "./profile.css";

type Account = components["schemas"]["Account"];

const TEXTS = texts({
  nn: {
    title: "Min profil",
    contact: "Kontaktinfo",
    email: "E-post",
    mobile: "Mobil",
    none: "Ikkje lagt inn",
    change: "Endre",
    add: "Legg til",
    changeEmail: "Endre e-post",
    changeMobile: "Endre mobil",
    addMobile: "Legg til mobil",
    customers: "Kundeforhold",
    number: (number: string) => `Kundenummer ${number}`,
    moved: "Flytta",
    link: "Legg til eit kundeforhold",
    roles: "Rollene dine",
    ROLE_UNSPECIFIED: "",
    CUSTOMER_SERVICE: "Kundeservice",
    EVENT_STAFF: "Arrangement",
    OPERATOR: "Drift",
    privacy: "Personvern",
    privacyText: "Samtykke, kanalar og historikk",
    security: "Tryggleik",
    securityText: "Passord, passnøklar og einingar",
    data: "Mine data",
    dataText: "Last ned, eller slett kontoen",
  },
  nb: {
    title: "Min profil",
    contact: "Kontaktinfo",
    email: "E-post",
    mobile: "Mobil",
    none: "Ikke lagt inn",
    change: "Endre",
    add: "Legg til",
    changeEmail: "Endre e-post",
    changeMobile: "Endre mobil",
    addMobile: "Legg til mobil",
    customers: "Kundeforhold",
    number: (number: string) => `Kundenummer ${number}`,
    moved: "Flyttet",
    link: "Legg til et kundeforhold",
    roles: "Rollene dine",
    ROLE_UNSPECIFIED: "",
    CUSTOMER_SERVICE: "Kundeservice",
    EVENT_STAFF: "Arrangement",
    OPERATOR: "Drift",
    privacy: "Personvern",
    privacyText: "Samtykke, kanaler og historikk",
    security: "Sikkerhet",
    securityText: "Passord, passnøkler og enheter",
    data: "Mine data",
    dataText: "Last ned, eller slett kontoen",
  },
  en: {
    title: "My profile",
    contact: "Contact",
    email: "E-mail",
    mobile: "Mobile",
    none: "Not given",
    change: "Change",
    add: "Add",
    changeEmail: "Change e-mail",
    changeMobile: "Change mobile",
    addMobile: "Add mobile",
    customers: "Customer numbers",
    number: (number: string) => `Customer number ${number}`,
    moved: "Moved",
    link: "Add a customer number",
    roles: "Your roles",
    ROLE_UNSPECIFIED: "",
    CUSTOMER_SERVICE: "Customer service",
    EVENT_STAFF: "Events",
    OPERATOR: "Operations",
    privacy: "Privacy",
    privacyText: "Consents, channels and history",
    security: "Security",
    securityText: "Password, passkeys and devices",
    data: "My data",
    dataText: "Download, or delete the account",
  },
});

/** Who one is here, how one is reached, and the way to all that can be decided about it. */
export default function Profile() {
  const words = said(TEXTS);
  const query = useMe();
  return (
    <Page title={words.title}>
      <DoneNotice />
      <Loaded query={query}>{(account) => account && <Overview account={account} />}</Loaded>
    </Page>
  );
}

function Overview({ account }: { account: Account }) {
  const words = said(TEXTS);
  const isStaff = account.roles.length > 0;
  return (
    <>
      <ul class="tiles profile-tiles">
        {!isStaff && (
          <Tile to={ROUTES.privacy} icon="shield" title={words.privacy} text={words.privacyText} />
        )}
        <Tile to={ROUTES.security} icon="lock" title={words.security} text={words.securityText} />
        <Tile to={ROUTES.myData} icon="file" title={words.data} text={words.dataText} />
      </ul>
      <section class="ds-card stack">
        <h2 class="ds-heading" data-size="xs">
          {words.contact}
        </h2>
        <ul class="lines">
          <li class="line">
            <div>
              <p class="quiet">{words.email}</p>
              <Email of={account.email} />
            </div>
            <ChangeLink to={ROUTES.changeEmail} text={words.change} name={words.changeEmail} />
          </li>
          <li class="line">
            <div>
              <p class="quiet">{words.mobile}</p>
              {account.mobile ? <p class="name">{spaced(account.mobile)}</p> : <p>{words.none}</p>}
            </div>
            <ChangeLink
              to={ROUTES.changeMobile}
              text={account.mobile ? words.change : words.add}
              name={account.mobile ? words.changeMobile : words.addMobile}
            />
          </li>
        </ul>
      </section>
      <Letters account={account} />
      {isStaff ? (
        <section class="ds-card stack">
          <h2 class="ds-heading" data-size="xs">
            {words.roles}
          </h2>
          <p class="row">
            {account.roles.map((role) => (
              <span key={role} class="ds-tag" data-color="info">
                {words[role]}
              </span>
            ))}
          </p>
        </section>
      ) : (
        <Customers customers={account.customers} />
      )}
      <LogOut />
    </>
  );
}

function Customers({ customers }: { customers: Account["customers"] }) {
  const words = said(TEXTS);
  return (
    <section class="ds-card stack">
      <h2 class="ds-heading" data-size="xs">
        {words.customers}
      </h2>
      <ul class="lines">
        {customers.map(({ id, name, customerNumber, status }) => (
          <li key={id} class="line">
            <div>
              <p class="name">
                {name}
                {status === "MOVED" && (
                  <span class="ds-tag" data-color="neutral" data-size="sm">
                    {words.moved}
                  </span>
                )}
              </p>
              <p class="quiet number">{words.number(customerNumber)}</p>
            </div>
          </li>
        ))}
      </ul>
      <div>
        <ButtonLink to={ROUTES.linkCustomer} variant="secondary">
          {words.link}
        </ButtonLink>
      </div>
    </section>
  );
}

/** An address that breaks before its @, where it does not fit on a line. */
function Email({ of }: { of: string }) {
  const [name, domain] = of.split("@");
  return (
    <p class="name">
      <span>
        {name}
        <wbr />@{domain}
      </span>
    </p>
  );
}

function ChangeLink({ to, text, name }: { to: string; text: string; name: string }) {
  return (
    <Link href={to} class="ds-button" data-variant="tertiary" aria-label={name}>
      {text}
    </Link>
  );
}

/** «+47 912 34 567» */
function spaced(mobile: string): string {
  return mobile.replace(/^\+47(\d{3})(\d{2})(\d{3})$/, "+47\u00a0$1\u00a0$2\u00a0$3");
}
