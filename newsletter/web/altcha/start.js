// ALTCHA's widget, with the one algorithm that our challenges ask for, in the page's own language.
import "./altcha.min.js";
const worker = new URL("pbkdf2.js", import.meta.url);
globalThis.$altcha.algorithms.set("PBKDF2/SHA-256", () => new Worker(worker));
const { words } = document.querySelector("altcha-widget").dataset;
globalThis.$altcha.i18n.set(document.documentElement.lang, JSON.parse(words));
