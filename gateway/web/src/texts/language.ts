import { signal } from "@preact/signals";

export type Language = "nn" | "nb" | "en";

export const LANGUAGES: Record<Language, string> = { nn: "Nynorsk", nb: "Bokmål", en: "English" };

/** Where the choice is kept. */
export const LANGUAGE_KEPT = "language";

/** The reader's language: as chosen, else Nynorsk. */
export const language = signal<Language>(kept());

/** Changes the language, here and for the next visit. */
export function speak(next: Language): void {
  localStorage.setItem(LANGUAGE_KEPT, next);
  language.value = next;
  document.documentElement.lang = next;
}

function kept(): Language {
  const chosen = localStorage.getItem(LANGUAGE_KEPT);
  return chosen !== null && chosen in LANGUAGES ? (chosen as Language) : "nn";
}

document.documentElement.lang = language.value;

/** Texts in all languages; those of Nynorsk say which there are. */
export type Texts<Nynorsk> = Record<Language, Nynorsk>;

/** Returns texts of which every language must have all, by the shape of Nynorsk. */
export function texts<const Nynorsk>(all: {
  nn: Nynorsk;
  nb: Widened<Nynorsk>;
  en: Widened<Nynorsk>;
}) {
  return all as unknown as Texts<Widened<Nynorsk>>;
}

type Widened<T> = T extends string
  ? string
  : T extends (...given: infer Given) => string
    ? (...given: Given) => string
    : { [Key in keyof T]: Widened<T[Key]> };

/** Returns texts in the reader's language; who reads them in a component follows a change of it. */
export function said<Nynorsk>(all: Texts<Nynorsk>): Nynorsk {
  return all[language.value];
}
