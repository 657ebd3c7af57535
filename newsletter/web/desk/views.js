// Fits the frames of an issue, and tells about the dot under the pointer.
"use strict";

function tell(event) {
  const dot = event.target.closest("[data-text]");
  if (!dot) return;
  document.getElementById("dot-text").textContent = dot.dataset.text;
  document.getElementById("dot-figures").textContent = dot.dataset.figures;
  document.getElementById("dot-echo").textContent = dot.dataset.echo;
}

// All three widths beside each other: made smaller, down to what can still be read; then scrolled.
function fit() {
  const row = document.querySelector(".devices");
  if (!row) return;
  const gaps = parseFloat(getComputedStyle(row).columnGap) * 2;
  const wanted = [...row.querySelectorAll("iframe")].reduce((sum, one) => sum + Number(one.width) + 6, 0);
  const scale = Math.max(0.5, Math.min(1, (row.clientWidth - gaps) / wanted));
  document.documentElement.style.setProperty("--fit", String(Math.floor(scale * 500) / 500));
}

fit();
window.addEventListener("resize", fit);
document.addEventListener("mouseover", tell);
document.addEventListener("focusin", tell);
