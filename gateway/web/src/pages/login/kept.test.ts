import { beforeEach, expect, test } from "vitest";
import { keepForLater, takenOut } from "./kept";

beforeEach(() => sessionStorage.clear());

test("what is kept for later is there once", () => {
  keepForLater("provider-flow", { purpose: "link" });
  expect(takenOut("provider-flow")).toEqual({ purpose: "link" });
  expect(takenOut("provider-flow")).toBeUndefined();
});
