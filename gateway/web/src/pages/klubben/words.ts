import { said, texts } from "../../texts/language";

const TEXTS = texts({
  nn: {
    tickets: (n: number) => (n === 1 ? "1 billett" : `${n} billettar`),
    left: (n: number) => (n === 1 ? "1 billett igjen" : `${n} billettar igjen`),
    place: (n: number) => (n === 1 ? "Du er først i køen" : `Du er nummer ${n} i køen`),
  },
  nb: {
    tickets: (n: number) => (n === 1 ? "1 billett" : `${n} billetter`),
    left: (n: number) => (n === 1 ? "1 billett igjen" : `${n} billetter igjen`),
    place: (n: number) => (n === 1 ? "Du er først i køen" : `Du er nummer ${n} i køen`),
  },
  en: {
    tickets: (n: number) => (n === 1 ? "1 ticket" : `${n} tickets`),
    left: (n: number) => (n === 1 ? "1 ticket left" : `${n} tickets left`),
    place: (n: number) => (n === 1 ? "You are first in line" : `You are number ${n} in line`),
  },
});

/** «2 billettar» */
export const tickets = (count: number) => said(TEXTS).tickets(count);
/** «2 billettar igjen» */
export const ticketsLeft = (count: number) => said(TEXTS).left(count);
/** «Du er nummer 3 i køen» */
export const placeInLine = (partiesAhead: number) => said(TEXTS).place(partiesAhead + 1);
