import { texts } from "../../texts/language";

/** What channels and decisions are called. */
export const WORDS = texts({
  nn: {
    channels: {
      EMAIL: "E-post",
      SMS: "SMS",
      PHONE: "Telefon",
      PUSH: "Varsel i appen",
      POST: "Post",
      CHANNEL_UNSPECIFIED: "",
    },
    kinds: { GIVEN: "Ja", WITHDRAWN: "Nei", EXPIRED: "Gjekk ut", KIND_UNSPECIFIED: "" },
    actors: {
      CUSTOMER: "Du",
      STAFF: "Kundeservice, for deg",
      SYSTEM: "Automatisk",
      ACTOR_UNSPECIFIED: "",
    },
  },
  nb: {
    channels: {
      EMAIL: "E-post",
      SMS: "SMS",
      PHONE: "Telefon",
      PUSH: "Varsel i appen",
      POST: "Post",
      CHANNEL_UNSPECIFIED: "",
    },
    kinds: { GIVEN: "Ja", WITHDRAWN: "Nei", EXPIRED: "Gikk ut", KIND_UNSPECIFIED: "" },
    actors: {
      CUSTOMER: "Du",
      STAFF: "Kundeservice, for deg",
      SYSTEM: "Automatisk",
      ACTOR_UNSPECIFIED: "",
    },
  },
  en: {
    channels: {
      EMAIL: "E-mail",
      SMS: "SMS",
      PHONE: "Phone",
      PUSH: "Notification in the app",
      POST: "Post",
      CHANNEL_UNSPECIFIED: "",
    },
    kinds: { GIVEN: "Yes", WITHDRAWN: "No", EXPIRED: "Expired", KIND_UNSPECIFIED: "" },
    actors: {
      CUSTOMER: "You",
      STAFF: "Customer service, for you",
      SYSTEM: "Automatic",
      ACTOR_UNSPECIFIED: "",
    },
  },
});
