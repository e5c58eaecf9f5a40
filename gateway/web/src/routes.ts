/** Where everything is; the addresses that people see, keep and share. */
export const ROUTES = {
  home: "/",
  login: "/logg-inn",
  register: "/registrer",
  recover: "/kundenummer",
  forgot: "/gloymt-passord",
  provider: "/logg-inn/leverandor",
  usage: "/forbruk",
  spotPrices: "/forbruk/straumpris",
  usageIn: "/forbruk/:year?/:month?/:day?",
  klubben: "/kraftklubben",
  event: "/kraftklubben/:event",
  tickets: "/billettar/:reservation",
  profile: "/profil",
  privacy: "/profil/personvern",
  consentHistory: "/profil/personvern/historikk",
  security: "/profil/tryggleik",
  myData: "/profil/mine-data",
  changeEmail: "/profil/e-post",
  changeMobile: "/profil/mobil",
  linkCustomer: "/profil/kundeforhold",
  help: "/kundeservice",
  staff: "/ansatt",
  staffEvents: "/ansatt/arrangement",
  newEvent: "/ansatt/arrangement/nytt",
  staffEvent: "/ansatt/arrangement/:event",
  editEvent: "/ansatt/arrangement/:event/endre",
  guests: "/ansatt/arrangement/:event/gjester",
  door: "/ansatt/arrangement/:event/dor",
  mailings: "/ansatt/nyhende",
  newMailing: "/ansatt/nyhende/nytt",
  mailing: "/ansatt/nyhende/:mailing",
  lookUp: "/ansatt/kundar",
  suppressions: "/ansatt/sperringar",
} as const;

/** Returns an address with its places filled in. */
export function at(route: string, places: Record<string, string>): string {
  return route.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(places[name] ?? ""));
}
