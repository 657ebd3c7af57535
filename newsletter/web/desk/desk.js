// On a phone the line of sections is longer than the screen: show the one that is open.
const here = document.querySelector(".top nav [aria-current]");
const line = here?.closest("nav");
if (line) line.scrollLeft = here.offsetLeft - (line.clientWidth - here.offsetWidth) / 2;
