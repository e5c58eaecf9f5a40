import type { FunctionComponent } from "preact";
import { lazy, Suspense } from "preact/compat";
import { useEffect } from "preact/hooks";
import { Route, Switch } from "wouter-preact";
import { follow } from "./api/live";
import { useMe } from "./api/queries";
import { Boundary } from "./boundary";
import { Frame } from "./frame";
import { Home } from "./pages/home";
import { Proof } from "./pages/login/proof";
import { Relogin } from "./pages/login/relogin";
import { Missing } from "./pages/missing";
import { isKept } from "./pages/staff/door/kept";
import { ROUTES } from "./routes";
import { Failed } from "./ui/failed";
import { Loading } from "./ui/loaded";

type Loader = () => Promise<{ default: FunctionComponent }>;

const OPEN: readonly (readonly [string, Loader])[] = [
  [ROUTES.login, () => import("./pages/login/login")],
  [ROUTES.provider, () => import("./pages/login/provider")],
  [ROUTES.register, () => import("./pages/login/register")],
  [ROUTES.recover, () => import("./pages/login/recover")],
  [ROUTES.forgot, () => import("./pages/login/forgot")],
  [ROUTES.help, () => import("./pages/help/help")],
  // Without a network nobody can say who is logged in; the door then opens with what it has kept.
  [ROUTES.door, () => import("./pages/staff/door/page")],
];

const LOGGED_IN: readonly (readonly [string, Loader])[] = [
  [ROUTES.privacy, () => import("./pages/privacy/privacy")],
  [ROUTES.consentHistory, () => import("./pages/privacy/history")],
  [ROUTES.profile, () => import("./pages/profile/profile")],
  [ROUTES.changeEmail, () => import("./pages/profile/change-email")],
  [ROUTES.changeMobile, () => import("./pages/profile/change-mobile")],
  [ROUTES.linkCustomer, () => import("./pages/profile/link-customer")],
  [ROUTES.security, () => import("./pages/profile/security")],
  [ROUTES.myData, () => import("./pages/profile/my-data")],
  [ROUTES.klubben, () => import("./pages/klubben/klubben")],
  [ROUTES.event, () => import("./pages/klubben/event")],
  [ROUTES.tickets, () => import("./pages/klubben/tickets")],
  [ROUTES.staff, () => import("./pages/staff/home")],
  [ROUTES.staffEvents, () => import("./pages/staff/events/list")],
  [ROUTES.newEvent, () => import("./pages/staff/events/new")],
  [ROUTES.editEvent, () => import("./pages/staff/events/edit")],
  [ROUTES.guests, () => import("./pages/staff/guests/guests")],
  [ROUTES.staffEvent, () => import("./pages/staff/events/event")],
  [ROUTES.mailings, () => import("./pages/staff/news/list")],
  [ROUTES.newMailing, () => import("./pages/staff/news/new")],
  [ROUTES.mailing, () => import("./pages/staff/news/mailing")],
  [ROUTES.lookUp, () => import("./pages/staff/care/look-up")],
  [ROUTES.suppressions, () => import("./pages/staff/care/suppressions")],
  [ROUTES.spotPrices, () => import("./pages/usage/spot-prices")],
  [ROUTES.usageIn, () => import("./pages/usage/usage")],
];

const pages = (loaders: typeof OPEN, wrap: (page: FunctionComponent) => FunctionComponent) =>
  loaders.map(([path, load]) => <Route key={path} path={path} component={wrap(lazy(load))} />);

const OPEN_PAGES = pages(OPEN, (page) => page);
const LOGGED_IN_PAGES = pages(LOGGED_IN, behindLogin);

const LoginPage = lazy(() => import("./pages/login/login"));

const LeftBehind = lazy(() => import("./pages/staff/door/left-behind"));

/** Shows a page to those who are logged in, and the login in its place to the others. */
function behindLogin(PageOf: FunctionComponent): FunctionComponent {
  return function BehindLogin() {
    const me = useMe();
    if (me.data) return <PageOf />;
    if (me.data === null) return <LoginPage />;
    if (me.error) return <Failed error={me.error} onRetry={() => void me.refetch()} />;
    return <Loading />;
  };
}

/** All of it. */
export function App() {
  const { data: me, dataUpdatedAt } = useMe();
  const account = me?.id;
  // The stream ends with the session; it begins anew with the next one, of the same person too.
  useEffect(() => (account ? follow() : undefined), [account, dataUpdatedAt]);
  return (
    <Frame>
      {isKept() && (
        <Suspense fallback={null}>
          <LeftBehind />
        </Suspense>
      )}
      <Boundary>
        <Suspense fallback={<Loading />}>
          <Switch>
            <Route path={ROUTES.home} component={Home} />
            {OPEN_PAGES}
            {LOGGED_IN_PAGES}
            <Route component={Missing} />
          </Switch>
        </Suspense>
      </Boundary>
      <Relogin />
      <Proof />
    </Frame>
  );
}
