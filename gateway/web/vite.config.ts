/// <reference types="vitest/config" />
import preact from "@preact/preset-vite";
import { defineConfig } from "vite";
import { compression } from "vite-plugin-compression2";
import { VitePWA } from "vite-plugin-pwa";

/** Paths that the gateway answers itself: a page kept for offline use must not stand in for them. */
const NOT_THE_CLIENTS = [
  /^\/v1\//,
  /^\/docs/,
  /^\/avmelding\//,
  /^\/framleis\//,
  /^\/konto\//,
  /^\/[^/]+\.json$/,
];

export default defineConfig({
  plugins: [
    preact(),
    VitePWA({
      registerType: "prompt",
      injectRegister: false,
      manifest: {
        name: "Kundeapp",
        short_name: "Kundeapp",
        description: "Straumforbruk, Kraftklubben og kundeservice",
        lang: "nn",
        start_url: "/",
        display: "standalone",
        background_color: "#ffffff",
        theme_color: "#0b5c5b",
        icons: [
          { src: "/icon-192.png", sizes: "192x192", type: "image/png" },
          { src: "/icon-512.png", sizes: "512x512", type: "image/png" },
          { src: "/icon-maskable.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
        ],
      },
      workbox: {
        globPatterns: ["**/*.{js,css,html,svg,png}"],
        navigateFallback: "/index.html",
        navigateFallbackDenylist: NOT_THE_CLIENTS,
        cleanupOutdatedCaches: true,
      },
    }),
    compression({
      algorithms: ["gzip", "brotliCompress"],
      include: /\.(html|js|css|svg|webmanifest)$/,
    }),
  ],
  test: { environment: "happy-dom" },
  build: {
    target: "es2022",
    // No inline scripts or data URLs: the Content-Security-Policy allows files of ours alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
