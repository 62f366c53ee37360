// The installed app without a connection: the page's own files, the offline page, and blank forms that the
// server marked "X-Offline: keep". No page with records is ever stored. Signing out empties the forms.
/* global BUILD */
const FILES = `files-${BUILD}`;
const FORMS = "forms";
const OFFLINE = "/offline/";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(FILES).then((cache) => cache.addAll([OFFLINE])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (name) => name !== FILES && name !== FORMS;
  event.waitUntil(caches.keys()
    .then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
    .then(() => self.clients.claim()));
});

self.addEventListener("message", (event) => {
  if (event.data === "signed-out") event.waitUntil(caches.delete(FORMS));
});

async function fromFiles(request) {
  const cache = await caches.open(FILES);
  const kept = await cache.match(request);
  const fresh = fetch(request).then((answer) => {
    if (answer.ok) cache.put(request, answer.clone());
    return answer;
  });
  if (!kept) return fresh;
  fresh.catch(() => {});
  return kept;
}

async function fromServer(request) {
  try {
    const answer = await fetch(request);
    if (answer.ok && answer.headers.get("X-Offline") === "keep") (await caches.open(FORMS)).put(request, answer.clone());
    return answer;
  } catch (error) {
    const form = await (await caches.open(FORMS)).match(request);
    return form || (await caches.match(OFFLINE)) || Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.includes("/static/build/")) event.respondWith(fromFiles(request));
  else if (request.mode === "navigate") event.respondWith(fromServer(request));
});
