// Keeps files that never change, and one page for when the network is gone. Never a page with anybody's data.
"use strict";

const CACHE = "static-1";
const OFFLINE = new URL("hors-ligne", self.location).href;
const isKept = (url) => url.origin === self.location.origin && url.searchParams.has("v") && /^\/(static|theme)\//.test(url.pathname);

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.add(new Request(OFFLINE, { cache: "reload" }))));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  const old = (names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(old).then(() => self.clients.claim()));
});

// A new version of a file takes the place of the one before.
const fetchAndKeep = async (request) => {
  const response = await fetch(request);
  if (response.ok) {
    const cache = await caches.open(CACHE);
    await cache.delete(request, { ignoreSearch: true });
    await cache.put(request, response.clone());
  }
  return response;
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match(OFFLINE)));
  } else if (isKept(new URL(request.url))) {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetchAndKeep(request)));
  }
});
