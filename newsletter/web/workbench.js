// Loads the page again when what it shows has changed.
"use strict";

const loaded = document.documentElement.dataset.version;
const place = "workbench-scroll";

async function look() {
  try {
    const answer = await fetch("/version", { cache: "no-store" });
    if (answer.ok && (await answer.text()) !== loaded) {
      sessionStorage.setItem(place, String(window.scrollY));
      window.location.reload();
      return;
    }
  } catch {
    // the workbench was stopped; it may be started again
  }
  setTimeout(look, 700);
}

window.scrollTo(0, Number(sessionStorage.getItem(place) || 0));
sessionStorage.removeItem(place);
for (const field of document.querySelectorAll("form [name]")) {
  field.addEventListener("change", () => field.form.requestSubmit());
}
look();
