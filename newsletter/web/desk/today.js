// Replaces the parts of the page that changed. Without it, a link loads the page anew.
"use strict";

const state = document.getElementById("live");
const events = new EventSource("/desk/events");

function say(kind, text) {
  state.dataset.state = kind;
  state.textContent = text;
}

function replace(name, html) {
  const part = document.getElementById(name);
  if (!part) return;
  const held = part.contains(document.activeElement) ? document.activeElement.id : "";
  part.innerHTML = html;
  if (held) document.getElementById(held)?.focus();
}

events.addEventListener("parts", (event) => {
  for (const [name, html] of Object.entries(JSON.parse(event.data))) replace(name, html);
  say("on", "live");
});
events.addEventListener("end", () => {
  events.close();
  say("off", "You are logged out: load the page anew.");
});
events.addEventListener("open", () => say("on", "live"));
events.addEventListener("error", () => {
  if (events.readyState === EventSource.CLOSED) say("off", "not live: load the page anew");
  else say("wait", "no connection, trying again");
});
addEventListener("pagehide", () => events.close());
addEventListener("pageshow", (event) => event.persisted && location.reload());
