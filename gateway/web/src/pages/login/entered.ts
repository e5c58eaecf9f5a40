import { forgetPerson } from "../../api/person";
import { me, queries } from "../../api/queries";
import { ROUTES } from "../../routes";

/** Learns who has logged in. Whoever logs in where somebody else was before starts with nothing. */
export async function entered(): Promise<void> {
  const before = queries.getQueryData(me.queryKey);
  const now = await queries.fetchQuery({ ...me, staleTime: 0 });
  if (before && now && before.id !== now.id) {
    await forgetPerson();
    location.replace(ROUTES.home);
  }
}
