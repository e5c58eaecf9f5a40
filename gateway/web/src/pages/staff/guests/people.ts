import type { GuestParty } from "../queries";

/** How Norwegians sort: æ, ø and å last, and aa as å. */
const NORWEGIAN = new Intl.Collator("nb");

/** «Kari Mo Ås» as a list shows it: «Ås, Kari Mo». */
export function listed(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  const surname = words.pop() ?? "";
  return words.length > 0 ? `${surname}, ${words.join(" ")}` : surname;
}

/** Sorts by surname and then given names; whoever has no name is last. */
export function bySurname(one: GuestParty, other: GuestParty): number {
  if ((one.name === "") !== (other.name === "")) return one.name === "" ? 1 : -1;
  return NORWEGIAN.compare(listed(one.name), listed(other.name)) || byNumber(one, other);
}

export function byNumber(one: GuestParty, other: GuestParty): number {
  return NORWEGIAN.compare(one.customerNumber, other.customerNumber);
}

const plain = (text: string) => text.toLocaleLowerCase("nb");
const bare = (code: string) => code.toLocaleUpperCase("nb").replace(/[^0-9A-Z]/g, "");

/** Whether a party is one that somebody looks for, by parts of its name, by number or by code. */
export function isFoundBy(party: GuestParty, typed: string): boolean {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  const names = plain(party.name).split(/\s+/);
  const code = bare(typed);
  return (
    words.every(
      (word) =>
        names.some((name) => name.startsWith(word)) || party.customerNumber.startsWith(word),
    ) ||
    (code.length >= 4 && party.codes.some((each) => bare(each).startsWith(code)))
  );
}
