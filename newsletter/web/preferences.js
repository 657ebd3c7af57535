// What the interests match, while they are typed. Without this the button of the form shows it.
const field = document.getElementById("interests");
const shown = document.getElementById("matches");
const path = field.form.dataset.matches;
let waiting = 0;
let asked = 0;

async function look() {
  const mine = ++asked;
  const answer = await fetch(`${path}?${new URLSearchParams({ interests: field.value })}`);
  if (answer.ok && mine === asked) {
    shown.innerHTML = await answer.text();
  }
}

if (field.value && !shown.childElementCount) {
  look().catch(() => {});
}
field.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => look().catch(() => {}), 400);
});
