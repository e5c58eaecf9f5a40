import { useMe } from "../../api/queries";

/** Whom something is for: it is said where the person stands for several customers. */
export type For = { customerNumber?: string };

/** Returns how a customer of the person is named to the API. */
export function useFor(customerId: string): For {
  const { data: me } = useMe();
  const customers = me?.customers ?? [];
  const meant = customers.find(({ id }) => id === customerId);
  return meant && customers.length > 1 ? { customerNumber: meant.customerNumber } : {};
}
