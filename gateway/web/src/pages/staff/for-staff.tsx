import type { ComponentChildren } from "preact";
import { useMe } from "../../api/queries";
import type { components } from "../../api/schema";
import { ROUTES } from "../../routes";
import { said, texts } from "../../texts/language";
import { ButtonLink } from "../../ui/button";
import { Notice } from "../../ui/notice";
import { Page } from "../../ui/page";

export type Role = components["schemas"]["Staff.Role"];

const TEXTS = texts({
  nn: {
    title: "For tilsette",
    notStaff: "Denne sida er for dei som arbeider hos oss. Du er logga inn som kunde.",
    notThisRole: (roles: string) => `Denne sida er for ${roles}. Rolla di har ikkje tilgang.`,
    home: "Til framsida",
    staffHome: "Til sida for tilsette",
    or: " eller ",
    roles: {
      EVENT_STAFF: "arrangementsvertar",
      CUSTOMER_SERVICE: "kundeservice",
      OPERATOR: "driftsoperatørar",
    },
  },
  nb: {
    title: "For ansatte",
    notStaff: "Denne siden er for dem som arbeider hos oss. Du er logget inn som kunde.",
    notThisRole: (roles: string) => `Denne siden er for ${roles}. Rollen din har ikke tilgang.`,
    home: "Til forsiden",
    staffHome: "Til siden for ansatte",
    or: " eller ",
    roles: {
      EVENT_STAFF: "arrangementsverter",
      CUSTOMER_SERVICE: "kundeservice",
      OPERATOR: "driftsoperatører",
    },
  },
  en: {
    title: "For staff",
    notStaff: "This page is for those who work with us. You are logged in as a customer.",
    notThisRole: (roles: string) => `This page is for ${roles}. Your role has no access.`,
    home: "To the front page",
    staffHome: "To the staff page",
    or: " or ",
    roles: {
      EVENT_STAFF: "event staff",
      CUSTOMER_SERVICE: "customer service",
      OPERATOR: "operators",
    },
  },
});

const ALL: readonly Role[] = ["EVENT_STAFF", "CUSTOMER_SERVICE", "OPERATOR"];

/** Whether whoever is logged in holds one of these roles. */
export function useHolds(...roles: readonly Role[]): boolean {
  const { data: me } = useMe();
  return me?.roles.some((role) => roles.includes(role)) ?? false;
}

/** Shows a page to those with one of these roles, and tells the others whom it is for. */
export function ForStaff({
  roles = ALL,
  children,
}: {
  roles?: readonly Role[];
  children: ComponentChildren;
}) {
  const words = said(TEXTS);
  const isStaff = useHolds(...ALL);
  if (useHolds(...roles)) return <>{children}</>;
  const named = roles.map((role) => (role === "ROLE_UNSPECIFIED" ? "" : words.roles[role]));
  return (
    <Page title={words.title}>
      <Notice>
        <p>{isStaff ? words.notThisRole(named.join(words.or)) : words.notStaff}</p>
      </Notice>
      <p>
        <ButtonLink to={isStaff ? ROUTES.staff : ROUTES.home} variant="secondary">
          {isStaff ? words.staffHome : words.home}
        </ButtonLink>
      </p>
    </Page>
  );
}
