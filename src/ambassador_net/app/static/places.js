// All live places are taken: asks for a free one when the visitor does, and quietly now and then. The page stays, and
// with it what the visitor has chosen in it.
const QUIETLY_MS = 20000;
const places = document.querySelector(".places");

async function look(aloud) {
  let free = null;
  try {
    free = (await (await fetch("/places.json", { cache: "no-store" })).json()).free;
  } catch {
    // that nobody answers is said below
  }
  for (const part of places.querySelectorAll(".said")) {
    const [button, status, link] = ["button", "[role=status]", "a"].map((name) => part.querySelector(name));
    button.hidden = free === true;
    link.hidden = free !== true;
    if (free === true) status.textContent = "";
    else if (aloud) status.textContent = free === false ? status.dataset.taken : status.dataset.silent;
  }
  if (aloud && free === true) places.querySelector(".said:not([hidden]) a").focus();
}

for (const button of places.querySelectorAll("button")) button.addEventListener("click", () => look(true));
setInterval(() => document.hidden || look(false), QUIETLY_MS);
