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
  // keys typed into something on a slide do not turn slides
  keyboardCondition: (event) => !event.target?.closest?.(".slides :is(input, select, textarea, button, [tabindex])"),
  plugins: [RevealNotes],
}).then(() => {
  const words = document.querySelector(".reveal").dataset;
  for (const [side, word] of [["left", words.previous], ["right", words.next]]) {
    document.querySelector(`.controls .navigate-${side}`)?.setAttribute("aria-label", word);
  }
});
