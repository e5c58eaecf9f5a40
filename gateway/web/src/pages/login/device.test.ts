import { expect, test } from "vitest";
import { deviceName } from "./device";

test("a browser is called what its owner calls it", () => {
  const chrome =
    "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/144.0 Mobile Safari/537.36";
  const safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1";
  expect(deviceName(chrome)).toBe("Chrome, Android");
  expect(deviceName(safari)).toBe("Safari, iPhone");
  expect(deviceName("Mozilla/5.0 (Windows NT 10.0) Edg/144.0 Chrome/144.0")).toBe("Edge, Windows");
});

test("a browser that is not known has no name", () => {
  expect(deviceName("curl/8.5")).toBe("");
});
