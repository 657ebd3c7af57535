// Chooses the browser's own time zone in the form, unless somebody chose one before.
"use strict";
const select = document.getElementById("timezone");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (select && zone && !("chosen" in select.dataset)) {
  const name = zone.replaceAll("_", " ");
  let option = [...select.options].find((each) => each.value === name);
  if (!option) {
    option = new Option(name);
    select.prepend(option);
  }
  option.selected = true;
}
