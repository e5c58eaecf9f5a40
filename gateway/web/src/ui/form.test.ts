import { expect, test } from "vitest";
import { Offline, Problem } from "../api/problem";
import { sorted } from "./form";

function refusal(code: string, errors: [field: string, detail: string][] = []): Problem {
  return new Problem({
    type: `/docs#${code}`,
    title: code,
    status: 422,
    detail: "Rett desse felta og prøv igjen: email.",
    code,
    errors: errors.map(([field, detail]) => ({ field, code: "REQUIRED_FIELD", detail })),
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  });
}

test("a refusal of fields that the form has is said at them, and nowhere else", () => {
  const { at, rest } = sorted(refusal("INVALID_FIELDS", [["email", "Fyll ut dette feltet."]]), {
    email: [],
    password: [],
  });
  expect(at).toEqual({ email: "Fyll ut dette feltet." });
  expect(rest).toBeNull();
});

test("a refusal of a field that the form does not have is said below it", () => {
  const error = refusal("INVALID_FIELDS", [["device", "Skriv ein tekst."]]);
  expect(sorted(error, { email: [] })).toEqual({ at: {}, rest: error });
});

test("a refusal that names another field names it as the form does", () => {
  const error = refusal("INVALID_FIELDS", [
    ["salesCloseAt", "Vel eit tidspunkt etter salesOpenAt."],
    ["text", "Skriv ein tekst på 1 til 120 teikn."],
  ]);
  const labels = { salesOpenAt: "Reservasjon frå" };
  expect(sorted(error, { salesCloseAt: [], text: [] }, labels).at).toEqual({
    salesCloseAt: "Vel eit tidspunkt etter «Reservasjon frå».",
    text: "Skriv ein tekst på 1 til 120 teikn.",
  });
});

test("what is told of a refusal names no field as the API does", () => {
  const error = refusal("INVALID_FIELDS", [
    ["texts.nb.subject", "Skriv ein tekst."],
    ["texts.nb.body", "Skriv ein tekst."],
  ]);
  expect(error.told).toBe("Skriv ein tekst.");
  expect(refusal("EMAIL_IN_USE").told).toBe("Rett desse felta og prøv igjen: email.");
});

test("a refusal that has a code of a field is said there", () => {
  const error = refusal("WRONG_SECOND_FACTOR");
  const { at, rest } = sorted(error, { secondFactor: ["WRONG_SECOND_FACTOR"] });
  expect(at).toEqual({ secondFactor: error.document.detail });
  expect(rest).toBeNull();
});

test("a lost connection is no field's", () => {
  const error = new Offline("no answer");
  expect(sorted(error, { email: [] })).toEqual({ at: {}, rest: error });
});

test("a field or word that every object has is taken for none of the form", () => {
  const error = refusal("INVALID_FIELDS", [
    ["email", "Her står toString."],
    ["constructor", "Skriv ein tekst."],
  ]);
  const { at, rest } = sorted(error, { email: [] });
  expect(at).toEqual({ email: "Her står toString." });
  expect(rest).toBe(error);
});
