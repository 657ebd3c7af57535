// ALTCHA's widget, with the one algorithm that our challenges ask for.
import "./altcha.min.js";
const worker = new URL("pbkdf2.js", import.meta.url);
globalThis.$altcha.algorithms.set("PBKDF2/SHA-256", () => new Worker(worker));
