import { said, texts } from "../../../texts/language";

/** Ways to reach a customer. */
export const CHANNELS = texts({
  nn: {
    CHANNEL_UNSPECIFIED: "utan kanal",
    EMAIL: "e-post",
    SMS: "SMS",
    PHONE: "telefon",
    PUSH: "varsel i appen",
    POST: "post",
  },
  nb: {
    CHANNEL_UNSPECIFIED: "uten kanal",
    EMAIL: "e-post",
    SMS: "SMS",
    PHONE: "telefon",
    PUSH: "varsel i appen",
    POST: "post",
  },
  en: {
    CHANNEL_UNSPECIFIED: "no channel",
    EMAIL: "e-mail",
    SMS: "SMS",
    PHONE: "phone",
    PUSH: "notification in the app",
    POST: "post",
  },
});

const REASONS = texts({
  nn: {
    UNKNOWN_PURPOSE: "Ukjent føremål",
    NOT_A_CUSTOMER: "Ikkje kunde lenger",
    NO_DECISION: "Har ikkje svart",
    WITHDRAWN: "Har sagt nei",
    EXPIRED: "Samtykket er gått ut",
    NOTICE_SUPERSEDED: "Må samtykkje på nytt",
    NO_ADDRESS: "Ingen adresse",
    NOT_CONFIRMED: "Adressa er ikkje stadfesta",
    SUPPRESSED: "Sperra adresse",
    NOT_REACHABLE: "Kan ikkje nåast",
    DUPLICATE: "Adressa får det alt",
    TOO_LATE: "For seint",
    STOPPED: "Stoppa",
    TAKEN_BACK: "Sa nei undervegs",
    REFUSED: "Avvist av mottakaren",
    LIMITED: "For mange på kort tid",
  },
  nb: {
    UNKNOWN_PURPOSE: "Ukjent formål",
    NOT_A_CUSTOMER: "Ikke kunde lenger",
    NO_DECISION: "Har ikke svart",
    WITHDRAWN: "Har sagt nei",
    EXPIRED: "Samtykket er utløpt",
    NOTICE_SUPERSEDED: "Må samtykke på nytt",
    NO_ADDRESS: "Ingen adresse",
    NOT_CONFIRMED: "Adressen er ikke bekreftet",
    SUPPRESSED: "Sperret adresse",
    NOT_REACHABLE: "Kan ikke nås",
    DUPLICATE: "Adressen får det allerede",
    TOO_LATE: "For sent",
    STOPPED: "Stoppet",
    TAKEN_BACK: "Sa nei underveis",
    REFUSED: "Avvist av mottakeren",
    LIMITED: "For mange på kort tid",
  },
  en: {
    UNKNOWN_PURPOSE: "Unknown purpose",
    NOT_A_CUSTOMER: "No longer a customer",
    NO_DECISION: "Has not answered",
    WITHDRAWN: "Has said no",
    EXPIRED: "The consent has run out",
    NOTICE_SUPERSEDED: "Has to agree anew",
    NO_ADDRESS: "No address",
    NOT_CONFIRMED: "The address is not confirmed",
    SUPPRESSED: "Suppressed address",
    NOT_REACHABLE: "Cannot be reached",
    DUPLICATE: "The address gets it already",
    TOO_LATE: "Too late",
    STOPPED: "Stopped",
    TAKEN_BACK: "Said no meanwhile",
    REFUSED: "Refused by the recipient",
    LIMITED: "Too many in a short time",
  },
});

/** Why a customer does not get a mailing; a reason that is new to us is shown as it is named. */
export function reasonOf(reason: string): string {
  const words: Record<string, string> = said(REASONS);
  return words[reason] ?? reason;
}
