const words = document.querySelector(".reveal").dataset;
// keys typed into something on a slide do not turn slides
const onSlide = (event) => !event.target?.closest?.(".slides :is(input, select, textarea, button, [tabindex])");
Reveal.initialize({
  width: 1280,
  height: 720,
  margin: 0,
  center: false,
  hash: true,
  progress: false,
  // each slide carries its own number at the place its design gives it
  slideNumber: false,
  controlsTutorial: false,
  controlsBackArrows: "visible",
  transition: "none",
  backgroundTransition: "none",
  autoAnimate: false,
  // far slides keep their size, so that what is drawn or measured on them is right
  viewDistance: 1000,
  mobileViewDistance: 1000,
  // a phone shows slides too, not one long page
  scrollActivationWidth: null,
  // one page a slide
  pdfMaxPagesPerSlide: 1,
  pdfSeparateFragments: false,
  keyboardCondition: onSlide,
  help: false,
  // the speaker's view shows whether the talk is ahead of its minutes
  totalTime: Number(words.seconds),
  plugins: [RevealNotes],
}).then(async () => {
  // a ring that follows the mouse, for halls where nobody sees the arrow
  const pointer = document.createElement("div");
  pointer.className = "pointer";
  pointer.hidden = true;
  document.body.append(pointer);
  addEventListener("mousemove", ({ clientX, clientY }) => {
    pointer.style.transform = `translate(${clientX}px, ${clientY}px)`;
  });
  Reveal.addKeyBinding(76, () => {
    pointer.hidden = !pointer.hidden;
  });
  // reveal.js lists its keys in English whatever the deck speaks
  const keys = document.querySelector("dialog.keys");
  const listKeys = (event) => {
    const asked = event.key === "?" && onSlide(event);
    // while the list is open no key turns a slide behind it; Escape closes it by itself
    if (asked || keys.open) event.stopPropagation();
    if (asked && keys.open) keys.close();
    else if (asked) keys.showModal();
  };
  addEventListener("keydown", listKeys, true);
  keys.addEventListener("click", () => keys.close());
  for (const [side, word] of [["left", words.previous], ["right", words.next]]) {
    document.querySelector(`.controls .navigate-${side}`)?.setAttribute("aria-label", word);
  }
  // What nobody laid out for a slide (a notebook that was cut at its headings) shrinks where it is still too large.
  if (document.readyState !== "complete") await new Promise((loaded) => addEventListener("load", loaded));
  await document.fonts.ready;
  const shrink = (parts, tooLarge) => {
    for (let times = 0; times < 40 && tooLarge(); times += 1)
      for (const part of parts) part.style.zoom = 0.95 * (part.style.zoom || 1);
  };
  for (const body of document.querySelectorAll("[data-cut] .body")) {
    const parts = [...body.children];
    for (const part of parts) shrink([part], () => part.scrollWidth > part.clientWidth + 1);
    const below = parts.filter((part) => !part.querySelector(":scope > :is(h1, h2):only-child"));
    shrink(below.length ? below : parts, () => body.scrollHeight > body.clientHeight + 1);
  }
  document.documentElement.dataset.fitted = "";
});
